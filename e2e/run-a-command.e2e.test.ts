import { createHash, randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import {
  getUserEnvironment,
  runCrashcart,
  startKubectl,
  waitForOutput,
  waitUntil,
} from './harness/command-run.ts';
import { isProgramRunning } from './harness/node-processes.ts';

const target = ['musl', '-n', 'targets', '-q'];
const run = (command: string[], flags: string[] = [], input?: string | Buffer) =>
  runCrashcart([...target, ...flags, '--', ...command], input === undefined ? {} : { input });
const runScript = (script: string, flags: string[] = [], input?: string | Buffer) =>
  run(['bash', '-c', script], flags, input);

function hash(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Runs a script of the user's own shell. */
async function runInUserShell(script: string): Promise<{ code: number; stdout: string; ms: number }> {
  const startedAt = performance.now();
  const child = spawn('bash', ['-c', script], {
    env: await getUserEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 50_000,
  });
  const ended = once(child, 'close') as Promise<[number]>;
  const stdout = (await buffer(child.stdout)).toString();
  return { code: (await ended)[0], stdout, ms: performance.now() - startedAt };
}

describe('what a command writes', () => {
  test('comes as it is, stdout and stderr apart', async () => {
    const { code, stdout, stderr } = await runScript(`printf 'a\\0\\r\\n\\xff'; printf 'problem' >&2`);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: Buffer.from('a\0\r\n\xff', 'latin1'),
      stderr: 'problem',
    });
  });

  test('comes whole, however much it is', async () => {
    const { code, stdout, stderr } = await runScript(
      'head -c 50000000 /dev/urandom | tee >(sha256sum >&2); sleep 0.2',
    );
    expect(code).toBe(0);
    expect(stdout.length).toBe(50_000_000);
    expect(stderr).toContain(hash(stdout));
  });

  test('comes whole when its reader is slow', async () => {
    const { code, stdout } = await runInUserShell(
      `kubectl crashcart ${target.join(' ')} -- head -c 30000000 /dev/zero | { sleep 3; wc -c; }`,
    );
    expect({ code, stdout: stdout.trim() }).toEqual({ code: 0, stdout: '30000000' });
  });

  test('can be opened again by name', async () => {
    const { stderr } = await runScript('echo again >/dev/stderr');
    expect(stderr).toBe('again\n');
  });
});

describe('the exit code', () => {
  test.each([0, 1, 3, 125, 255])('%i of the command is ours', async (code) => {
    expect((await runScript(`exit ${code}`)).code).toBe(code);
  });

  test('is 127 for a command that does not exist, and 126 for one that is no program', async () => {
    const missing = await run(['no-such-command']);
    expect(missing).toMatchObject({ code: 127, stderr: expect.stringContaining('no-such-command') });
    expect((await run(['/etc/passwd'])).code).toBe(126);
  });

  test.each([
    ['TERM', 143],
    ['KILL', 137],
    ['SEGV', 139],
  ])('says that SIG%s ended it', async (signal, code) => {
    expect((await runScript(`kill -${signal} $$`)).code).toBe(code);
  });
});

describe('stdin', () => {
  test('reaches the command with -i, whole, and so does its end', async () => {
    const input = randomBytes(20_000_000);
    const { code, stdout } = await run(['sha256sum'], ['-i'], input);
    expect({ code, hash: stdout.toString().split(' ')[0] }).toEqual({ code: 0, hash: hash(input) });
  });

  test('may be left unread', async () => {
    expect((await run(['true'], ['-i'], randomBytes(5_000_000))).code).toBe(0);
  });

  test('is left alone without -i', async () => {
    const { stdout } = await runInUserShell(
      `printf 'one\\ntwo\\n' | while read -r line; do kubectl crashcart ${target.join(' ')} -- echo "$line"; done`,
    );
    expect(stdout).toBe('one\ntwo\n');
  });

  test('is a script for the shell where there is no terminal', async () => {
    const { code, stdout } = await runCrashcart(target, { input: 'hostname\nexit 7\n' });
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 7, stdout: 'musl\n' });
  });
});

describe('a command ends', () => {
  test('promptly with its reader, as of SIGPIPE, and leaves nothing running', async () => {
    const { stdout, ms } = await runInUserShell(
      `kubectl crashcart ${target.join(' ')} -- yes reader-gone | head -n 2; echo "\${PIPESTATUS[0]}"`,
    );
    expect(stdout).toBe('reader-gone\nreader-gone\n141\n');
    expect(ms).toBeLessThan(10_000);
    await waitUntil('yes has ended', () => Promise.resolve(!isProgramRunning('yes reader-gone')));
  });

  test('without waiting for what it left running, which is ended too', async () => {
    const { code, stdout } = await runScript('sleep 4243 & echo done');
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'done\n' });
    await waitUntil('sleep has ended', () => Promise.resolve(!isProgramRunning('sleep 4243')));
  });

  test('by Ctrl-C', async () => {
    const child = await startKubectl(['crashcart', ...target, '--', 'bash', '-c', 'echo begun; sleep 4244']);
    const ended = once(child, 'close') as Promise<[number | null]>;
    await waitForOutput(child);
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(130);
    await waitUntil('sleep has ended', () => Promise.resolve(!isProgramRunning('sleep 4244')));
  });

  test('at its memory limit, which is said; other sessions of the agent go on', async () => {
    const other = run(['bash', '-c', 'cat; echo alive'], ['-i'], 'both are ');
    const { code, stderr } = await run(['python3', '-c', 'x = b"x" * (700 * 1024 * 1024)']);
    expect(code).toBe(137);
    expect(stderr).toMatch(/^error: the session reached its memory limit/);
    expect((await other).stdout.toString()).toBe('both are alive\n');
    expect((await run(['true'])).code).toBe(0);
  });

  test('by a second Ctrl-C when it does not heed the first', async () => {
    const child = await startKubectl([
      ...['crashcart', ...target, '--'],
      ...['bash', '-c', 'trap "echo heard" INT; echo begun; while :; do sleep 0.1; done'],
    ]);
    const ended = once(child, 'close') as Promise<[number | null]>;
    await waitForOutput(child);
    child.kill('SIGINT');
    await waitForOutput(child);
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(130);
  });
});

describe('a command finds', () => {
  test('an environment of its own: nothing of the agent, nothing of the target', async () => {
    const { stdout } = await run(['env']);
    expect(stdout.toString().trim().split('\n').toSorted()).toEqual([
      'CRASHCART_CONTAINER=server',
      'CRASHCART_CONTEXT=crashcart',
      'CRASHCART_NAMESPACE=targets',
      expect.stringMatching(/^CRASHCART_NODE=node-\d$/),
      'CRASHCART_POD=musl',
      'CRASHCART_QUIET=1',
      'CRASHCART_TARGET_PID=1',
      'CRASHCART_TARGET_ROOT=/target',
      'HOME=/root',
      'LANG=C.UTF-8',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'PWD=/root',
      'SHELL=/bin/bash',
      'TERM=dumb',
      'USER=root',
    ]);
  });

  test('three descriptors, and no file of the agent or of the node', async () => {
    const { stdout } = await runScript(
      'for fd in /proc/$$/fd/*; do echo "${fd##*/}"; done; ls -A /run /mnt; grep -c . /proc/self/mountinfo; ls /dev/sd* /dev/vd* /dev/mem 2>&1 | grep -vc "No such"',
    );
    const [first, second, third, ...rest] = stdout.toString().trim().split('\n');
    // 255 is bash's own, of its script.
    expect([first, second, third]).toEqual(['0', '1', '2']);
    expect(rest.join('\n')).not.toMatch(/crashcart|containerd|agent\.sock/);
    expect(rest.at(-1)).toBe('0');
  });

  test('the tool that was asked for by name, with what follows --', async () => {
    const { code, stdout } = await runCrashcart([...target, '--tool', 'jq', '-i', '--', '-r', '.a'], {
      input: '{"a":"b"}',
    });
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'b\n' });
  });

  test('a root that it can write to, and that is gone afterwards', async () => {
    expect((await runScript('echo x >/etc/probe && mkdir /opt/probe && cat /etc/probe')).code).toBe(0);
    expect((await runScript('test -e /etc/probe || test -e /opt/probe')).code).toBe(1);
  });
});

test('-v 6 tells each request, and no secret', async () => {
  const { code, stderr } = await run(['true'], ['-v', '6', '--as', 'admin', '--as-group', 'system:masters']);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^GET https:\S+\/api\/v1\/namespaces\/targets\/pods\/musl 200 in \d+ ms$/m);
  expect(stderr).toMatch(/^GET wss:\S+\/exec\?\S+ 101 in \d+ ms$/m);
  expect(stderr).not.toMatch(/bearer|certificate|-----BEGIN/i);
});

test('-v 9 tells all that is sent and answered, and no secret', async () => {
  const { stderr } = await run(['true'], ['-v', '9', '--token', 'not-for-eyes']);
  expect(stderr).toMatch(/^ {4}authorization: Bearer <masked>$/m);
  expect(stderr).toMatch(/^Response body: {"kind":"Pod",.*"name":"musl".*}$/m);
  expect(stderr).not.toMatch(/not-for-eyes|-----BEGIN/);
});
