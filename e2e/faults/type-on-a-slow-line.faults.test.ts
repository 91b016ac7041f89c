import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { startKubectl, waitUntil } from '../harness/command-run.ts';
import { UserTerminal } from '../harness/user-terminal.ts';
import { type ClientNetwork, createClientNetwork } from './client-network.ts';

const bytesPerSecond = 1_000_000;
const limitMs = 500;
const prompt = /# $/;
let network: ClientNetwork;
let terminal: UserTerminal | null = null;

beforeAll(async () => {
  network = await createClientNetwork();
  await network.limitRate(bytesPerSecond);
}, 60_000);

afterEach(() => terminal?.close());

afterAll(() => network.remove());

async function openShell(): Promise<UserTerminal> {
  const opened = await UserTerminal.open(`${network.via.join(' ')} kubectl crashcart musl -n targets -q`);
  terminal = opened;
  await opened.waitFor(prompt);
  return opened;
}

async function measure(action: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await action();
  return performance.now() - startedAt;
}

describe('on a line of 1 MB/s', () => {
  test('keys are shown promptly beside the bulk data of another session', async () => {
    const shell = await openShell();
    const bulk = await startKubectl(
      ['crashcart', 'musl', '-n', 'targets', '--', 'cat', '/dev/zero'],
      {},
      network.via,
    );
    let bytes = 0;
    bulk.stdout.on('data', (chunk: Buffer) => (bytes += chunk.length));
    try {
      await waitUntil('the line is full', () => Promise.resolve(bytes > 3 * bytesPerSecond));
      for (let key = 0; key < 5; key++) {
        const echo = () => shell.pressAndWait(`echo k""ey ${key}\r`, new RegExp(`key ${key}`));
        expect(await measure(echo)).toBeLessThan(limitMs);
      }
    } finally {
      bulk.kill('SIGTERM');
      await once(bulk, 'close');
    }
  });

  test('Ctrl-C ends a flood of the session’s own output promptly', async () => {
    const shell = await openShell();
    const before = shell.shown.length;
    shell.press('yes 0123456789012345678901234567890123456789012345678901234567890123456789\r');
    await waitUntil('the line is full', () =>
      Promise.resolve(shell.shown.length - before > 3 * bytesPerSecond),
    );
    const end = () => shell.pressAndWait('\x03', /\^C[^]*# $/);
    expect(await measure(end)).toBeLessThan(limitMs);
  });
});
