import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readTargetFiles } from '../../src/agent/bridge/target-files.ts';
import { waitUntil } from '../harness/command-run.ts';
import { listProcesses, readCommandLine } from '../harness/node-processes.ts';
import { HungFileSystem, hungKinds } from '../harness/hung-file-system.ts';
import { readHostileFiles } from '../../src/agent/files/hostile-files.ts';

const maxBytes = 1024;
const limitMs = 300;
let programs: string;
let program: string;
let outside: string;
let root: string;

beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), 'read-target-'));
  program = join(programs, 'read-target');
  const source = join(import.meta.dirname, '../../images/agent/read-target.c');
  execFileSync('gcc', ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-o', program, source]);
});
afterAll(() => rm(programs, { recursive: true }));

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'hostile-'));
  root = join(outside, 'root');
  await mkdir(join(root, 'etc'), { recursive: true });
  await mkdir(join(root, 'run'));
  await writeFile(join(outside, 'secret'), 'outside');
  await writeFile(join(root, 'run/resolv.conf'), 'inside');
});
afterEach(() => rm(outside, { recursive: true }));

const readAll = (paths: string[], signal = new AbortController().signal) =>
  readHostileFiles(
    paths.map((path) => ({ root, path, maxBytes })),
    { owner: outside, signal, program, limitMs },
  );

/** @returns the content as text, the reason of a refusal, or the status. */
async function read(path = '/etc/resolv.conf'): Promise<string> {
  const [reading] = await readAll([path]);
  if (reading?.status === 'read') return reading.content.toString();
  return reading?.status === 'refused' ? reading.reason : String(reading?.status);
}

describe('a file below a root that is not trusted', () => {
  test.each([
    ['an absolute link', '/run/resolv.conf'],
    ['a relative link', '../run/resolv.conf'],
    ['a link that climbs no higher than the root', '../../../../run/./resolv.conf'],
  ])('is read through %s', async (_name, link) => {
    await symlink(link, join(root, 'etc/resolv.conf'));
    expect(await read()).toBe('inside');
  });

  test('is never reached outside by an absolute link', async () => {
    await symlink(join(outside, 'secret'), join(root, 'etc/resolv.conf'));
    expect(await read()).toBe('missing');
  });

  test('is never reached outside by ..', async () => {
    await symlink('../../../../secret', join(root, 'etc/resolv.conf'));
    expect(await read()).toBe('missing');
  });

  test('is never reached outside by a linked folder', async () => {
    await rm(join(root, 'etc'), { recursive: true });
    await symlink(outside, join(root, 'etc'));
    await writeFile(join(outside, 'resolv.conf'), 'outside');
    expect(await read()).toBe('missing');
  });

  test('is never reached outside by a link of /proc that leads there', async () => {
    const descriptor = openSync(outside, 'r');
    execFileSync('mount', ['-t', 'proc', 'proc', join(root, 'run')]);
    try {
      await symlink(`/run/${process.pid}/fd/${descriptor}/secret`, join(root, 'etc/resolv.conf'));
      expect(await read()).toBe('missing');
      // The same by the kernel's own walk, to know that it would lead there.
      expect(await readFile(join(root, `run/${process.pid}/fd/${descriptor}/secret`), 'utf8')).toBe(
        'outside',
      );
    } finally {
      execFileSync('umount', [join(root, 'run')]);
      closeSync(descriptor);
    }
  });

  test('is not waited for when it is a FIFO', async () => {
    execFileSync('mkfifo', [join(root, 'etc/resolv.conf')]);
    expect(await read()).toBe('it is not a regular file');
  });

  test.each(['/etc', '/', '/etc/..'])('is none when it is a folder: %s', async (path) => {
    expect(await read(path)).toMatch(/not a regular file|is a directory/i);
  });

  test('is refused when it is longer than asked for, and taken when it is as long', async () => {
    await writeFile(join(root, 'etc/a'), 'x'.repeat(maxBytes));
    expect(await read('/etc/a')).toHaveLength(maxBytes);
    await writeFile(join(root, 'etc/b'), 'x'.repeat(maxBytes + 1));
    expect(await read('/etc/b')).toBe('it is too long');
  });

  test('ends a loop of links, and a link that doubles', async () => {
    await symlink('b', join(root, 'etc/a'));
    await symlink('a', join(root, 'etc/b'));
    expect(await read('/etc/a')).toMatch(/too many levels/i);
    await symlink(`c/${'x/'.repeat(2000)}`, join(root, 'etc/c'));
    expect(await read('/etc/c')).toMatch(/too long|too many levels/i);
  });

  test('is told apart from the others, whatever they have', async () => {
    await writeFile(join(root, 'etc/hosts'), 'read 6\nmissing 0\n');
    await writeFile(join(root, 'etc/empty'), '');
    expect(await readAll(['/etc/none', '/etc/hosts', '/etc/empty'])).toEqual([
      { status: 'missing' },
      { status: 'read', content: Buffer.from('read 6\nmissing 0\n') },
      { status: 'read', content: Buffer.alloc(0) },
    ]);
  });
});

describe.each(hungKinds)('a file system whose requests are %s', (kind) => {
  let hung: HungFileSystem;
  beforeEach(async () => {
    await writeFile(join(root, 'run/hosts'), 'answers');
    hung = await HungFileSystem.mount(join(root, 'etc'), kind);
  });
  afterEach(() => hung.end());

  test('keeps nobody waiting, and no other file unread', async () => {
    const startedAt = performance.now();
    const readings = await readAll(['/etc/resolv.conf', '/run/hosts', '/etc/hosts']);
    expect(performance.now() - startedAt).toBeLessThan(limitMs + 1500);
    expect(readings).toEqual([
      { status: 'unanswered', limitMs },
      { status: 'read', content: Buffer.from('answers') },
      { status: 'unanswered', limitMs },
    ]);
  });

  test('does not take the threads that everybody’s files need', async () => {
    const hanging = Array.from({ length: 8 }, () => readAll(['/etc/resolv.conf']));
    const startedAt = performance.now();
    await readFile(join(root, 'run/hosts'));
    expect(performance.now() - startedAt).toBeLessThan(limitMs);
    await Promise.all(hanging);
  });

  test('is given up at once when the reader is told to', async () => {
    const aborting = new AbortController();
    const reading = readAll(['/etc/resolv.conf'], aborting.signal);
    aborting.abort(new Error('the client is gone'));
    await expect(reading).rejects.toThrow('the client is gone');
  });
});

describe('a file that a process still hangs in', () => {
  let hung: HungFileSystem;
  beforeEach(async () => {
    await writeFile(join(root, 'etc/hosts'), 'answers again');
    hung = await HungFileSystem.mount(join(root, 'etc'), 'taken');
  });
  afterEach(() => hung.end());

  const listReaders = () => listProcesses().filter((pid) => readCommandLine(pid).startsWith(program));

  test('is not asked again, so that not one more is left behind each time', async () => {
    expect(await readAll(['/etc/hosts'])).toEqual([{ status: 'unanswered', limitMs }]);
    const left = listReaders().length;
    const startedAt = performance.now();
    for (let turn = 0; turn < 10; turn++)
      expect(await readAll(['/etc/hosts'])).toEqual([{ status: 'unanswered', limitMs }]);
    expect(performance.now() - startedAt).toBeLessThan(limitMs);
    expect(listReaders()).toHaveLength(left);
  });

  test('is remembered if nobody has waited for it to the end', async () => {
    await expect(readAll(['/etc/hosts'], AbortSignal.timeout(50))).rejects.toThrow();
    await delay(2 * limitMs);
    const startedAt = performance.now();
    await readAll(['/etc/hosts']);
    expect(performance.now() - startedAt).toBeLessThan(limitMs);
  });

  test('is asked again once nothing hangs in it, and then nothing is left', async () => {
    await readAll(['/etc/hosts']);
    await hung.end();
    await waitUntil('nothing hangs', () => Promise.resolve(listReaders().length === 0));
    expect(await read('/etc/hosts')).toBe('answers again');
  });
});

describe('an environment', () => {
  const readEnvironment = (pid: number) =>
    readTargetFiles(
      { pid, startTime: '1' },
      { importEnvironment: true },
      new AbortController().signal,
      (files, options) => readHostileFiles(files, { ...options, program, limitMs }),
    );

  async function readOf(env: NodeJS.ProcessEnv) {
    const child = spawn('cat', { env, stdio: ['pipe', 'ignore', 'ignore'] });
    try {
      await once(child, 'spawn');
      return await readEnvironment(child.pid as number);
    } finally {
      child.kill('SIGKILL');
    }
  }

  test('is read from the process, with its name files', async () => {
    const { environment, nameFiles, warnings } = await readOf({ OWN: 'ä', LD_PRELOAD: '' });
    expect(environment.map(String)).toEqual(['OWN=ä']);
    expect(nameFiles.hosts).toEqual(await readFile('/etc/hosts'));
    expect(warnings).toEqual([]);
  });

  test('that is too large is told', async () => {
    const env = { A: 'x'.repeat(100_000), B: 'x'.repeat(100_000) };
    await expect(readOf(env)).rejects.toMatchObject({
      code: 'bridgeFailed',
      message: "the target's environment can't be imported: /proc/PID/environ can't be used (it is too long)",
    });
  });

  test('of a process that has ended is told', async () => {
    await expect(readEnvironment(2 ** 30)).rejects.toMatchObject({ code: 'bridgeFailed' });
  });

  test('that does not answer is told', async () => {
    const reading = readTargetFiles(
      { pid: process.pid, startTime: '1' },
      { importEnvironment: true },
      new AbortController().signal,
      (files) => Promise.resolve(files.map(() => ({ status: 'unanswered', limitMs: 3000 }))),
    );
    await expect(reading).rejects.toMatchObject({
      code: 'targetNotResponding',
      message: "the target's environment can't be imported: /proc/PID/environ did not answer within 3 s",
    });
  });
});

test('a program that is not there is an error', async () => {
  program = '/nonexistent';
  await expect(readAll(['/etc/hosts'])).rejects.toMatchObject({ code: 'ENOENT' });
});
