import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from '@lydell/node-pty';
import { installPackages } from '../images/machine/install-packages.ts';
import { waitUntil } from './harness/command-run.ts';

// Without a cluster: the shells are what is tested.
const checkout = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'crashcart-shells-'));
const env = {
  PATH: `${join(checkout, 'plugin')}:${process.env['PATH'] ?? ''}`,
  HOME: folder,
  KUBECONFIG: join(folder, 'none'),
  TERM: 'dumb',
};

beforeAll(async () => {
  await installPackages(['bash', 'zsh', 'fish']);
  mkdirSync(join(folder, 'files'));
  writeFileSync(join(folder, 'files/kubeconfig-of-mine'), '');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const script = execFileSync('kubectl-crashcart', ['completion', shell], { env });
    writeFileSync(join(folder, `script.${shell}`), script);
  }
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** What is typed, and what it is completed to. */
const lines = [
  { typed: 'kubectl-crashcart comp', completed: 'completion' },
  { typed: 'kubectl-crashcart web --tool tcpd', completed: 'tcpdump' },
  { typed: 'kubectl-crashcart dep', completed: 'deployment/' },
  { typed: 'kubectl-crashcart completion po', completed: 'powershell' },
];

describe('bash', () => {
  const complete = (typed: string) => {
    const script =
      'source "$1"; COMP_LINE=$2; COMP_POINT=${#2}; __kubectl_crashcart; printf "%s\\n" "${COMPREPLY[@]}"';
    const args = ['--norc', '-c', script, 'bash', join(folder, 'script.bash'), typed];
    return execFileSync('bash', args, { env }).toString().trim();
  };

  test.each(lines)('$typed', ({ typed, completed }) => expect(complete(typed)).toBe(completed));

  test('a value after =, which begins a word for bash', () => {
    expect(complete('kubectl-crashcart web --tool=tcpd')).toBe('tcpdump');
  });
});

describe('fish', () => {
  const complete = (typed: string) => {
    const script = 'source $argv[1]; complete --do-complete $argv[2]';
    const args = ['--no-config', '-c', script, join(folder, 'script.fish'), typed];
    return execFileSync('fish', args, { env }).toString().replaceAll(/\t.*/g, '').trim();
  };

  test.each(lines)('$typed', ({ typed, completed }) => expect(complete(typed)).toBe(completed));

  test('a value after =', () => {
    expect(complete('kubectl-crashcart web --tool=tcpd')).toBe('--tool=tcpdump');
  });

  test('a file', () => {
    const path = join(folder, 'files/kubeconfig');
    expect(complete(`kubectl-crashcart web --kubeconfig ${path}`)).toBe(`${path}-of-mine`);
    expect(complete(`kubectl-crashcart web --kubeconfig=${path}`)).toBe(`--kubeconfig=${path}-of-mine`);
  });
});

describe('zsh', () => {
  const start = 'autoload -Uz compinit; compinit -u -D; source "$HOME/script.zsh"; echo rea""dy';

  test.each([...lines, { typed: 'kubectl-crashcart web --tool=tcpd', completed: '--tool=tcpdump' }])(
    '$typed',
    async ({ typed, completed }) => {
      const shell = spawn('zsh', ['-f', '-i'], { env, cwd: folder, cols: 200, rows: 30 });
      try {
        let shown = '';
        shell.onData((text) => (shown += text));
        const see = (text: string) =>
          waitUntil(`${text} in ${JSON.stringify(shown)}`, () => Promise.resolve(shown.includes(text)));
        shell.write(`${start}\r`);
        await see('ready');
        shell.write(`${typed}\t`);
        await see(`${typed.slice(0, typed.lastIndexOf(' '))} ${completed}`);
      } finally {
        shell.kill('SIGKILL');
      }
    },
  );
});
