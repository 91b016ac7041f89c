import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type OpenedStreams, openPipes, openTerminal } from './command-streams.ts';

const nobody = { uid: 65534, gid: 65534 };

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'command-streams-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

function startShell(streams: OpenedStreams, script: string, user?: typeof nobody): ChildProcess {
  const child = spawn('/bin/sh', ['-c', script], { stdio: streams.childDescriptors, ...user });
  streams.releaseChildDescriptors();
  return child;
}

/** Reads a terminal to its end, which is EIO: https://man7.org/linux/man-pages/man4/pts.4.html. */
async function readTerminal({ stdout }: OpenedStreams): Promise<string> {
  let output = '';
  stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  await new Promise((resolve) => stdout.once('error', resolve).once('end', resolve));
  return output;
}

describe('the pipes of a command', () => {
  test('carry its stdin, stdout and stderr, and end with the command', async () => {
    const streams = await openPipes(directory, null);
    startShell(streams, 'cat; echo problem >&2');
    streams.stdin.end('words');
    const outputs = [streams.stdout, streams.stderr].map((stream) => text(stream ?? streams.stdout));
    expect(await Promise.all(outputs)).toEqual(['words', 'problem\n']);
  });

  test('have no names left in the folder', async () => {
    const streams = await openPipes(directory, null);
    expect(await readdir(directory)).toEqual([]);
    startShell(streams, 'true');
    for (const stream of [streams.stdin, streams.stdout, streams.stderr]) stream?.destroy();
  });

  test('can be opened again by the user that they belong to', async () => {
    const streams = await openPipes(directory, nobody);
    streams.stdin.end();
    startShell(streams, 'echo out >/dev/stdout; echo problem >/dev/stderr', nobody);
    const outputs = [streams.stdout, streams.stderr].map((stream) => text(stream ?? streams.stdout));
    expect(await Promise.all(outputs)).toEqual(['out\n', 'problem\n']);
  });

  test('make the command wait for a slow reader, and lose nothing', async () => {
    const streams = await openPipes(directory, null);
    streams.stdin.end();
    const child = startShell(streams, 'head -c 1000000 /dev/zero');
    await once(streams.stdout, 'readable');
    expect(child.exitCode).toBeNull();
    expect((await text(streams.stdout)).length).toBe(1_000_000);
  });
});

describe('the terminal of a command', () => {
  test('has the size that was asked for, and takes another one', async () => {
    const streams = openTerminal({ columns: 97, rows: 41 });
    startShell(streams, 'stty size; read -r line; stty size');
    expect(String(await once(streams.stdout, 'data'))).toContain('41 97');
    streams.resize?.({ columns: 120, rows: 50 });
    streams.stdin.write('go on\n');
    expect(await readTerminal(streams)).toContain('50 120');
  });

  test('passes bytes that are not UTF-8', async () => {
    const streams = openTerminal({ columns: 80, rows: 24 });
    const received: Buffer[] = [];
    streams.stdout.on('data', (bytes: Buffer) => received.push(bytes));
    startShell(streams, String.raw`printf '\377\200'`);
    await new Promise((resolve) => streams.stdout.once('error', resolve).once('end', resolve));
    expect(Buffer.concat(received)).toEqual(Buffer.from([0xff, 0x80]));
  });

  test('ignores a size that comes after its end', async () => {
    const streams = openTerminal({ columns: 80, rows: 24 });
    const output = readTerminal(streams);
    startShell(streams, 'true');
    await output;
    streams.stdout.destroy();
    expect(() => streams.resize?.({ columns: 1, rows: 1 })).not.toThrow();
  });
});
