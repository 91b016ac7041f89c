import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Reporter } from '../../failure/reporter.ts';
import { writeOutputFile } from './output-file.ts';

let directory: string;
let path: string;
let said: string;
const reporter = new Reporter({ write: (text) => (said += text) });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crashcart-output-'));
  path = join(directory, 'core');
  said = '';
});

afterEach(() => rm(directory, { recursive: true }));

const write = (output: Writable, text: string) =>
  new Promise<void>((resolve, reject) => output.write(text, (error) => (error ? reject(error) : resolve())));

async function writeWith(code: number, force = false): Promise<number> {
  return await writeOutputFile({ path, force }, reporter, async (output) => {
    await write(output, 'new');
    return code;
  });
}

describe('an output file', () => {
  test('is there, for its owner alone, when the command has ended well, and not before', async () => {
    const code = await writeOutputFile({ path, force: false }, reporter, async (output) => {
      await write(output, 'new');
      expect(await readdir(directory)).not.toContain('core');
      return 0;
    });
    expect({ code, said, files: await readdir(directory) }).toEqual({ code: 0, said: '', files: ['core'] });
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('is not, which is said, when the command has failed', async () => {
    expect(await writeWith(3)).toBe(3);
    expect(said).toBe(`error: ${path} was not written: the command ended with code 3\n`);
    expect(await readdir(directory)).toEqual([]);
  });

  test('is not when its end is missing', async () => {
    const running = writeOutputFile({ path, force: false }, reporter, async (output) => {
      await write(output, 'new');
      throw new Error('cut');
    });
    await expect(running).rejects.toThrow('cut');
    expect(said).toBe(`error: ${path} was not written: only a part of the output arrived\n`);
    expect(await readdir(directory)).toEqual([]);
  });

  test('is not, and what kept it from that is told, when it can’t be written to', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    const running = writeOutputFile({ path, force: false }, reporter, async (output) => {
      output.destroy(full);
      await write(output, 'new');
      return 0;
    });
    await expect(running).rejects.toMatchObject({
      code: 'outputFile',
      message: expect.stringContaining('ENOSPC'),
    });
    expect(await readdir(directory)).toEqual([]);
  });

  test('that exists already is left alone, and nothing is run', async () => {
    await writeFile(path, 'old');
    await expect(writeWith(0)).rejects.toThrow(`${path} exists already: --force replaces it`);
    expect(await readFile(path, 'utf8')).toBe('old');
  });

  test('that exists already is replaced when --force is given, and only by a complete one', async () => {
    await writeFile(path, 'old', { mode: 0o644 });
    await writeWith(1, true);
    expect(await readFile(path, 'utf8')).toBe('old');
    await writeWith(0, true);
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('does not take the place of a link or a folder', async () => {
    await symlink('elsewhere', path);
    await expect(writeWith(0, true)).rejects.toThrow('is not a regular file');
    await rm(path);
    await mkdir(path);
    await expect(writeWith(0, true)).rejects.toThrow('is not a regular file');
  });

  test('whose name is taken meanwhile is kept under another', async () => {
    const running = writeOutputFile({ path, force: false }, reporter, async (output) => {
      await write(output, 'new');
      await writeFile(path, 'of somebody else');
      return 0;
    });
    const { message } = (await running.catch((error: unknown) => error)) as Error;
    const kept = /the output is in (.*)$/.exec(message)?.[1] ?? '';
    expect(await readFile(kept, 'utf8')).toBe('new');
    expect(await readFile(path, 'utf8')).toBe('of somebody else');
  });

  test('can’t be in a folder that is not there', async () => {
    path = join(directory, 'none', 'core');
    await expect(writeWith(0)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining("can't be created: ENOENT"),
    });
  });
});
