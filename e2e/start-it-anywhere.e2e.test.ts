import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getUserEnvironment, runCrashcart, startKubectl, waitForOutput } from './harness/command-run.ts';
import { UserTerminal } from './harness/user-terminal.ts';

const target = ['musl', '-n', 'targets', '-q'];
const works = { code: 0, stdout: Buffer.from('musl\n'), stderr: '' };

/** Runs `kubectl crashcart …` by other programs, with an empty stdin. */
async function runBy(via: string[], args: string[]) {
  const client = await startKubectl(['crashcart', ...args], {}, via);
  client.stdin.end();
  const outputs = Promise.all([buffer(client.stdout), buffer(client.stderr)]);
  const [code] = (await once(client, 'close')) as [number | null];
  const [stdout, stderr] = await outputs;
  return { code, stdout, stderr: stderr.toString() };
}

/** A shell that does something before it becomes kubectl, or redirects it. */
function byShell(script: string): string[] {
  return ['sh', '-c', script, 'sh'];
}

let folder: string;
let bare: string[];

beforeAll(async () => {
  const { KUBECONFIG = '', PATH = '' } = await getUserEnvironment();
  folder = await mkdtemp(join(tmpdir(), 'crashcart-anywhere-'));
  const kubeconfig = join(folder, 'kubeconfig');
  await copyFile(KUBECONFIG, kubeconfig);
  // For a user whom no database knows.
  await chmod(folder, 0o755);
  await chmod(kubeconfig, 0o644);
  await mkdir(join(folder, 'private'), { mode: 0o700 });
  bare = ['env', '-i', `PATH=${PATH}`, `KUBECONFIG=${kubeconfig}`];
});
afterAll(() => rm(folder, { recursive: true }));

describe('a session that is started', () => {
  test('under nohup goes on when the terminal is closed', async () => {
    const script = 'echo open; read -r line; echo "$line"';
    const args = ['crashcart', ...target, '-i', '--', 'bash', '-c', script];
    const client = await startKubectl(args, {}, ['nohup']);
    const ended = once(client, 'close');
    await waitForOutput(client);
    const rest = buffer(client.stdout);
    client.kill('SIGHUP');
    client.stdin.end('still here\n');
    expect(await ended).toEqual([0, null]);
    expect((await rest).toString()).toBe('still here\n');
  });

  test.each([
    ['of a debugger that is gone', { NODE_OPTIONS: '--require=/missing/debugger.js' }],
    ['that Node.js does not know', { NODE_OPTIONS: '--no-such-option' }],
    ['for less memory', { NODE_OPTIONS: '--max-old-space-size=8' }],
    ['for another parent', { NODE_CHANNEL_FD: '3' }],
    ['for authorities that are not there', { NODE_EXTRA_CA_CERTS: '/missing/ca.pem' }],
  ])('with settings of Node.js %s does not notice', async (_case, env) => {
    expect(await runCrashcart([...target, '--', 'hostname'], { env })).toEqual(works);
  });

  test.each<[string, () => string[]]>([
    ['without any variable', () => bare],
    ['by a user whom no database knows', () => ['setpriv', '--reuid=12345', '--clear-groups', ...bare]],
    ['with a folder for caches that takes nothing', () => ['env', 'XDG_CACHE_HOME=/proc']],
    ['with a home that takes nothing', () => ['env', '-u', 'XDG_CACHE_HOME', 'HOME=/proc/self']],
    ['with an empty home', () => ['env', 'HOME=', 'XDG_CACHE_HOME=']],
    // kubectl has a word of its own on a home whose preferences can't be read.
    [
      'with a home that is a device',
      () => ['env', '-u', 'XDG_CACHE_HOME', 'HOME=/dev/null', 'KUBECTL_KUBERC=false'],
    ],
    [
      'with the home of another user',
      () => [
        'setpriv',
        '--reuid=12345',
        '--clear-groups',
        ...bare,
        `HOME=${folder}/private`,
        'KUBECTL_KUBERC=false',
      ],
    ],
    ['with a home that is relative', () => ['env', '-u', 'XDG_CACHE_HOME', 'HOME=.']],
    ['with a closed stdin', () => byShell('exec "$@" <&-')],
  ])('%s works', async (_case, via) => {
    expect(await runBy(via(), [...target, '--', 'hostname'])).toEqual(works);
  });

  test('in a folder that is gone works', async () => {
    const { stderr, ...rest } = await runBy(
      byShell(`cd "$(mktemp -d '${folder}/XXXXXX')" && rmdir "$PWD" && exec "$@"`),
      [...target, '--', 'hostname'],
    );
    expect(rest).toEqual({ code: works.code, stdout: works.stdout });
    // The shell that starts the plugin may have a word on it.
    expect(stderr).toMatch(/^(\S*sh: .*getcwd.*\n)*$/);
  });
});

describe('an output that can’t be written ends a session in one line:', () => {
  const failed = (name: string) =>
    `error: ${name} can't be written: ENOSPC: no space left on device, write\nWhat was written is incomplete.\n`;

  test.each([
    ['stdout, little', 'exec "$@" >/dev/full', ['--', 'echo', 'word'], failed('stdout')],
    ['stdout, much', 'exec "$@" >/dev/full', ['--', 'head', '-c', '3000000', '/dev/zero'], failed('stdout')],
    ['stderr, of which no one learns', 'exec "$@" 2>/dev/full', ['--', 'sh', '-c', 'echo word >&2'], ''],
    [
      'stderr, after a message of ours',
      'exec "$@" 2>/dev/full',
      ['-v', '6', '--', 'sh', '-c', 'echo word >&2'],
      '',
    ],
  ])('%s', async (_which, script, command, stderr) => {
    expect(await runBy(byShell(script), [...target, ...command])).toEqual({
      ...{ code: 125, stdout: Buffer.alloc(0), stderr },
    });
  });

  test('stdout of a command that only lists', async () => {
    expect(await runBy(byShell('exec "$@" >/dev/full'), ['tools'])).toMatchObject({
      code: 125,
      stderr: failed('stdout'),
    });
  });

  test('a pipe that is closed, without a word', async () => {
    const script = '{ "$@"; echo "code $?" >&2; } | head -n 1';
    expect(await runBy(byShell(script), [...target, '--', 'yes'])).toEqual({
      ...{ code: 0, stdout: Buffer.from('y\n'), stderr: 'code 141\n' },
    });
  });
});

describe('a stdin that can’t be read', () => {
  test.each([
    ['a folder', 'exec "$@" </tmp', 'EISDIR: illegal operation on a directory, read'],
    ['open for writing only', 'exec "$@" 0>/dev/null', 'EBADF: bad file descriptor, read'],
  ])('is told, and the session ends: %s', async (_what, script, message) => {
    expect(await runBy(byShell(script), [...target, '-i', '--', 'wc', '-c'])).toEqual({
      code: 125,
      stdout: Buffer.alloc(0),
      stderr: expect.stringMatching(`^error: stdin can't be read: ${message}\nThe command has received only`),
    });
  });

  test('does not matter where nothing reads it', async () => {
    expect(await runBy(byShell('exec "$@" </tmp'), [...target, '--', 'hostname'])).toEqual(works);
  });
});

describe('on a terminal that the toolbox does not know', () => {
  const show = 'echo "$TERM,$COLORTERM,$(tput colors)"';

  test.each([
    ['xterm-ghostty', 'xterm-256color,truecolor,256'],
    ['no-such-terminal', 'xterm-256color,truecolor,256'],
    ['../x/xterm', 'xterm-256color,truecolor,256'],
    ['vt100', 'vt100,truecolor,-1'],
    ['alacritty', 'alacritty,truecolor,256'],
    ['dumb', 'dumb,truecolor,-1'],
    ['', 'xterm,truecolor,8'],
  ])('a command has a type that it does: %s', async (TERM, shown) => {
    const env = { TERM, COLORTERM: 'truecolor' };
    const { code, stdout } = await runCrashcart([...target, '-t', '--', 'sh', '-c', show], { env });
    expect({ code, shown: stdout.toString() }).toEqual({ code: 0, shown: `${shown}\r\n` });
  });

  test.each(['top -n 1', 'watch -g -n 0.1 date +%N', 'less -E /etc/hostname', "bash -ic 'tput clear'"])(
    'full-screen programs work: %s',
    async (command) => {
      const terminal = await UserTerminal.open(
        `TERM=xterm-ghostty kubectl crashcart ${target.join(' ')} -- ${command}; echo "code $?"`,
      );
      await terminal.waitFor(/code 0\r\n/);
      await terminal.close();
    },
  );
});

test('--tty=false and -t are what kubectl takes them for', async () => {
  const run = `kubectl crashcart ${target.join(' ')}`;
  const terminal = await UserTerminal.open(
    [`${run} --tty=false -- tty`, `${run} -i -t=true -- tty`, `${run} -it=false -- tty`, 'echo over'].join(
      '; ',
    ),
  );
  await terminal.waitFor(/over\r\n$/);
  expect(terminal.shown).toMatch(/^not a tty\r\n\/dev\/pts\/\d+\r\nnot a tty\r\nover\r\n$/);
  await terminal.close();
});
