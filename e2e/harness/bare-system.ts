import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { runCommand } from '../../images/machine/run-command.ts';

/**
 * Makes a root file system of a few programs and the libraries of this machine that they are linked with:
 * nothing else of it is there.
 * @param programs paths on this machine; each is there as /bin/NAME.
 * @param linked further files whose libraries are needed.
 */
export function createBareSystem(root: string, programs: string[], linked: string[]): void {
  for (const folder of ['bin', 'tmp', 'root', 'dev', 'proc'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const program of programs) copyFileSync(program, join(root, 'bin', basename(program)));
  for (const library of new Set([...programs, ...linked].flatMap(listLibraries))) {
    mkdirSync(dirname(join(root, library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
  // A program that has no place to write to would find one missing here and nowhere else.
  execFileSync('mknod', ['-m', '666', join(root, 'dev/null'), 'c', '1', '3']);
}

// In namespaces of its own: /proc is gone with them, whatever happens to the test.
const enterScript = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"';

/** Runs a program with such a system as its root. @returns what it wrote to stdout. @throws when it fails. */
export function runInBareSystem(root: string, args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const program = ['/bin/env', '-i', ...settings, ...args];
  const enter = ['--mount', '--pid', '--fork', 'sh', '-c', enterScript, root, ...program];
  return runCommand('unshare', enter);
}

function listLibraries(file: string): string[] {
  try {
    return (
      execFileSync('ldd', [file], { stdio: 'pipe' })
        .toString()
        .match(/(?<=\s)\/\S+/g) ?? []
    );
  } catch {
    // Linked with nothing.
    return [];
  }
}
