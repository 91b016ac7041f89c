import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const checkout = join(import.meta.dirname, '../..');

/**
 * Makes a `kubectl-crashcart` whose Node.js has flags of a test. The plugin's own launcher lets no setting of Node.js pass.
 * @param directory where it is put.
 * @returns the folder that has to come first in PATH.
 */
export async function createInstrumentedPlugin(directory: string, nodeFlags: string[]): Promise<string> {
  const folder = join(directory, 'instrumented');
  await mkdir(folder);
  const node = join(checkout, 'node_modules/node/bin/node');
  const words = [node, ...nodeFlags, join(checkout, 'dist/plugin/kubectl-crashcart.cjs')];
  const script = [
    '#!/bin/sh',
    `read -r CRASHCART_CHECKOUT_IMAGE <'${join(checkout, 'dist/agent-image')}'`,
    'export CRASHCART_CHECKOUT_IMAGE',
    `exec ${words.map((word) => `'${word}'`).join(' ')} "$@"`,
  ];
  await writeFile(join(folder, 'kubectl-crashcart'), `${script.join('\n')}\n`, { mode: 0o755 });
  return folder;
}
