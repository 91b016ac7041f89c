import { buildOnce, hashInputs, pruneCache } from './build-cache.ts';
import { runCommand } from './run-command.ts';

const installLimitMs = 5 * 60_000;

/** The command of Python 3 on this machine. */
export const python = process.platform === 'win32' ? 'python' : 'python3';

/**
 * Installs packages of PyPI into a folder of their own in the cache, or finds them there.
 * @param name of the folder.
 * @param packages pinned, with a binary for this machine if they are not pure Python: `ruff==0.17.5`.
 * @returns the folder: modules, and programs in its `bin`.
 * @throws Error that says what is missing on this machine.
 */
export async function installPythonPackages(name: string, packages: string[]): Promise<string> {
  const key = await hashInputs([...packages, process.platform, process.arch]);
  const folder = await buildOnce(name, key, async (unfinished) => {
    const options = [
      '--quiet',
      '--disable-pip-version-check',
      '--only-binary',
      ':all:',
      '--target',
      unfinished,
    ];
    const args = ['-m', 'pip', 'install', ...options, ...packages];
    await runCommand(python, args, { timeoutMs: installLimitMs }).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `installing ${packages.join(' and ')} needs Python 3 with pip, and PyPI:\n${reason}`;
      throw new Error(message, { cause });
    });
  });
  await pruneCache(name, 2);
  return folder;
}
