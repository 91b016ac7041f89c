import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recordExample } from './cookbook/recorded-example.ts';
import { runCrashcart, startKubectl } from './harness/command-run.ts';
import { prepareSessionFiles, type SessionFiles } from './harness/session-files.ts';

const agents = 'keep-an-output';
const target = ['musl', '-n', 'targets', '--agent-namespace', agents];
let files: SessionFiles;

beforeAll(async () => {
  files = await prepareSessionFiles(agents);
}, 60_000);

afterAll(() => files.remove(), 60_000);

const run = (file: string, ...args: string[]) =>
  runCrashcart([...target, '--output-file', join(files.directory, file), ...args], { timeoutMs: 120_000 });

describe('--output-file', () => {
  test('has each byte of stdout, and stderr stays where it is', async () => {
    const { code, stdout, stderr } = await run(
      'bytes',
      ...['--', 'sh', '-c', 'head -c 20000000 /dev/zero | tr "\\0" "\\377"; echo warning >&2'],
    );
    expect({ code, stdout: stdout.toString(), stderr }).toEqual({ code: 0, stdout: '', stderr: 'warning\n' });
    const content = await readFile(join(files.directory, 'bytes'));
    expect(content.equals(Buffer.alloc(20_000_000, 0xff))).toBe(true);
    expect((await stat(join(files.directory, 'bytes'))).mode & 0o777).toBe(0o600);
  });

  test('brings a file out of an image without tar, byte by byte', async () => {
    const args = ['distroless', '-n', 'targets', '--agent-namespace', agents];
    const copy = [...args, '--output-file', join(files.directory, 'server'), '--', 'cat', '/target/server'];
    const result = await runCrashcart(copy);
    await recordExample('copy-out', copy, result);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const { stdout } = await runCrashcart([...args, '--', 'sha256sum', '/target/server']);
    const content = await readFile(join(files.directory, 'server'));
    expect(stdout.toString()).toBe(`${createHash('sha256').update(content).digest('hex')}  /target/server\n`);
  });

  test('leaves nothing of a command that failed, and its code is ours', async () => {
    const before = await readdir(files.directory);
    const { code, stderr } = await run('failed', '--', 'sh', '-c', 'echo half; exit 7');
    expect(code).toBe(7);
    expect(stderr).toMatch(/^error: .*failed was not written: the command ended with code 7$/m);
    expect(await readdir(files.directory)).toEqual(before);
  });

  test('leaves nothing of a command that was interrupted', async () => {
    const before = await readdir(files.directory);
    const child = await startKubectl([
      ...['crashcart', ...target, '--output-file', join(files.directory, 'interrupted')],
      ...['--', 'sh', '-c', 'echo half; echo begun >&2; exec sleep 4251'],
    ]);
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    await once(child.stderr, 'data');
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(await readdir(files.directory)).toEqual(before);
  });

  test('replaces no file unless that is asked for, and then nothing is started', async () => {
    const file = join(files.directory, 'old');
    await writeFile(file, 'old');
    const refused = await run('old', '--', 'echo', 'new');
    expect(refused).toMatchObject({
      code: 2,
      stderr: `error: ${file} exists already: --force replaces it\nSee \`kubectl crashcart --help\`.\n`,
    });
    expect(await readFile(file, 'utf8')).toBe('old');
    expect((await run('old', '--force', '--', 'echo', 'new')).code).toBe(0);
    expect(await readFile(file, 'utf8')).toBe('new\n');
  });

  test('takes a flame graph', async () => {
    const busy = '(while :; do :; done) & recipe flamegraph -s 1 -p $!; code=$?; kill $!; exit $code';
    const { code, stderr } = await run('cpu.svg', '--', 'bash', '-c', busy);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expect(await readFile(join(files.directory, 'cpu.svg'), 'utf8')).toMatch(/<svg[\s\S]*<\/svg>\s*$/);
  });

  test('has no flame graph of a process that uses no CPU', async () => {
    const { code, stderr } = await run('idle.svg', '--tool', 'flamegraph', '--', '-s', '1');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('used no CPU in this time'),
    });
    expect(await readdir(files.directory)).not.toContain('idle.svg');
  });

  test('takes a core dump', async () => {
    const { code, stderr } = await run('core', '--tool', 'core');
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const content = await readFile(join(files.directory, 'core'));
    // e_ident and e_type of elf(5): ET_CORE.
    expect(content.subarray(0, 4)).toEqual(Buffer.from('\x7fELF', 'latin1'));
    expect(content.readUInt16LE(16)).toBe(4);
  });
});
