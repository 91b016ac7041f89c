import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnce, hashInputs } from '../../images/machine/build-cache.ts';
import { runCommand } from '../../images/machine/run-command.ts';

const buildLimitMs = 10 * 60_000;

/**
 * Builds krew and the validator of its index from Go modules, or finds them in the cache.
 * @returns the folder that holds `kubectl-krew`, as kubectl finds it, and `validate-krew-manifest`.
 */
export async function buildKrew(): Promise<string> {
  const cwd = import.meta.dirname;
  const version = await runCommand('go', ['version'], { cwd });
  const sources = ['go.mod', 'go.sum'].map((name) => ({ file: join(cwd, name) }));
  return buildOnce('krew', await hashInputs([version, ...sources]), async (directory) => {
    // Without cgo, so that they run on any root.
    const env = { ...process.env, CGO_ENABLED: '0' };
    await runCommand('go', ['build', '-o', `${directory}/`, 'tool'], { cwd, env, timeoutMs: buildLimitMs });
    await rename(join(directory, 'krew'), join(directory, 'kubectl-krew'));
  });
}
