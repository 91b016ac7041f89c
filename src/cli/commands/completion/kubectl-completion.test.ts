import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { installCompletion, unixProgram } from './kubectl-completion.ts';

let root: string;
let bin: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'crashcart-install-'));
  bin = join(root, 'bin');
  mkdirSync(bin);
  // As krew leaves it.
  symlinkSync('../store/kubectl-crashcart', join(bin, 'kubectl-crashcart'));
  mkdirSync(join(root, 'store'));
  writeFileSync(join(root, 'store/kubectl-crashcart'), '#!/bin/sh\n');
  env = { PATH: [join(root, 'nosuch'), root, bin].join(delimiter) };
});
afterEach(() => rmSync(root, { recursive: true }));

test('the program that kubectl calls is put beside the link of the plugin, and can be run', async () => {
  const file = await installCompletion(null, env, 'linux');
  expect(file).toBe(join(bin, 'kubectl_complete-crashcart'));
  expect(statSync(file).mode & 0o777).toBe(0o755);
  expect(await installCompletion(null, env, 'linux')).toBe(file);
});

test('it is the one of the checkout', () => {
  const file = join(import.meta.dirname, '../../../../plugin', unixProgram.name);
  expect(readFileSync(file, 'utf8')).toBe(unixProgram.content);
});

test('one of an older version is replaced', async () => {
  const file = join(bin, 'kubectl_complete-crashcart');
  writeFileSync(file, '#!/bin/sh\nexec kubectl crashcart __complete "$@"\n');
  chmodSync(file, 0o644);
  await installCompletion(null, env, 'linux');
  expect(readFileSync(file, 'utf8')).toBe(unixProgram.content);
  expect(statSync(file).mode & 0o777).toBe(0o755);
});

test("someone else's file is left as it is", async () => {
  const file = join(bin, 'kubectl_complete-crashcart');
  writeFileSync(file, 'mine');
  await expect(installCompletion(null, env, 'linux')).rejects.toMatchObject({ code: 'configuration' });
  expect(readFileSync(file, 'utf8')).toBe('mine');
});

test('what npm has linked is left to npm', async () => {
  const linked = join(root, 'complete.cjs');
  writeFileSync(linked, "process.argv.splice(2, 0, '__complete');\n");
  symlinkSync(linked, join(bin, 'kubectl_complete-crashcart'));
  expect(await installCompletion(null, env, 'linux')).toBe(join(bin, 'kubectl_complete-crashcart'));
  expect(readFileSync(linked, 'utf8')).toContain('splice');
});

test('a link is not written through', async () => {
  symlinkSync(join(root, 'elsewhere'), join(bin, 'kubectl_complete-crashcart'));
  await expect(installCompletion(null, env, 'linux')).rejects.toMatchObject({ code: 'configuration' });
});

test('a folder without the plugin is refused, and so is a PATH without it', async () => {
  await expect(installCompletion(join(root, 'store/x'), env, 'linux')).rejects.toThrow('is not in');
  await expect(installCompletion(null, { PATH: root }, 'linux')).rejects.toThrow('a folder of PATH');
});

describe('on Windows', () => {
  const npmShim =
    '@ECHO off\r\n"%dp0%\\node.exe" "%dp0%\\node_modules\\kubectl-crashcart\\lib\\complete.cjs" %*\r\n';

  test.each(['kubectl-crashcart.exe', 'kubectl-crashcart.cmd'])(
    'it is what runs there, beside %s',
    async (plugin) => {
      writeFileSync(join(bin, plugin), '');
      const file = await installCompletion(null, env, 'win32');
      expect(file).toBe(join(bin, 'kubectl_complete-crashcart.cmd'));
      expect(readFileSync(file, 'utf8')).toContain(`"%~dp0${plugin}" __complete %*`);
      expect(await installCompletion(null, env, 'win32')).toBe(file);
    },
  );

  test('a script that kubectl can’t run is no plugin', async () => {
    writeFileSync(join(bin, 'kubectl-crashcart.ps1'), '');
    await expect(installCompletion(null, env, 'win32')).rejects.toThrow(
      'kubectl-crashcart.exe or kubectl-crashcart.cmd is not in a folder of PATH',
    );
  });

  test('what npm has put there is left to npm', async () => {
    for (const name of ['kubectl-crashcart', 'kubectl_complete-crashcart']) {
      writeFileSync(join(bin, `${name}.cmd`), npmShim);
      writeFileSync(join(bin, `${name}.ps1`), '');
    }
    const file = await installCompletion(bin, env, 'win32');
    expect(file).toBe(join(bin, 'kubectl_complete-crashcart.cmd'));
    expect(readFileSync(file, 'utf8')).toBe(npmShim);
  });

  test('someone else’s file is left as it is', async () => {
    writeFileSync(join(bin, 'kubectl-crashcart.cmd'), '');
    writeFileSync(join(bin, 'kubectl_complete-crashcart.cmd'), 'mine');
    await expect(installCompletion(null, env, 'win32')).rejects.toMatchObject({ code: 'configuration' });
  });
});
