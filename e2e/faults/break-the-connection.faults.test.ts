import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { startApiServerProxy } from '../harness/api-server-proxy.ts';
import { runCrashcart } from '../harness/command-run.ts';
import { createTestNamespace, deleteTestNamespace, privilegedLabels } from '../harness/test-namespace.ts';
import { type ClientNetwork, createClientNetwork } from './client-network.ts';
import { type EchoEnd, EchoStream, survived } from './echo-stream.ts';
import { expectNoLeftovers } from './leftovers.ts';

const agents = 'break-the-connection';
const target = ['musl', '-n', 'targets', '--agent-namespace', agents, '--agent-idle', '2s'];
/** For those that run at the same time: the machine's processors are for all of them. */
const bytesPerSecond = 128 * 1024;
const limitMs = 240_000;
let network: ClientNetwork;

beforeAll(async () => {
  await createTestNamespace(agents, privilegedLabels);
  network = await createClientNetwork();
}, 60_000);

afterAll(async () => {
  await network.remove();
  await deleteTestNamespace(agents);
}, 60_000);

/** Loses every packet of a client, and has them pass again. */
async function losePackets(ms: number): Promise<{ end: EchoEnd; backAfterMs: number }> {
  const stream = await EchoStream.start(target, { bytesPerSecond, via: network.via });
  await network.loseEverything();
  try {
    await delay(ms);
  } finally {
    await network.restore();
  }
  const backAfterMs = await stream.waitForFlow(60_000);
  return { end: await stream.finish(), backAfterMs };
}

/** Stops a client for longer than its connection lives. */
async function stopClient(ms: number): Promise<EchoEnd> {
  const stream = await EchoStream.start(target, { bytesPerSecond });
  stream.client.kill('SIGSTOP');
  try {
    await delay(ms);
  } finally {
    stream.client.kill('SIGCONT');
  }
  await stream.waitForFlow(60_000);
  return await stream.finish();
}

/** Has the one who reads the client's output not read. */
async function stopReading(ms: number): Promise<EchoEnd & { receivedMeanwhile: number }> {
  const stream = await EchoStream.start([...target, '-v', '4'], { bytesPerSecond: 4 * bytesPerSecond });
  stream.client.stdout.pause();
  const before = stream.receivedBytes;
  await delay(ms);
  const receivedMeanwhile = stream.receivedBytes - before;
  stream.client.stdout.resume();
  await stream.waitForFlow(60_000);
  return { ...(await stream.finish()), receivedMeanwhile };
}

/** Is silent for longer than what is in between keeps silent connections. */
async function beSilent(idleLimitMs: number, ms: number): Promise<EchoEnd> {
  const proxy = await startApiServerProxy({ idleLimitMs });
  try {
    const stream = await EchoStream.start([...target, ...proxy.flags, '-v', '4'], { bytesPerSecond });
    stream.pause();
    await delay(ms);
    stream.continue();
    await stream.waitForFlow();
    return await stream.finish();
  } finally {
    proxy.close();
  }
}

describe('a session survives', () => {
  // One after the other they would take seven minutes.
  const started = () => ({
    packets: losePackets(10_000).then(async (short) => ({ short, long: await losePackets(90_000) })),
    stopped: stopClient(60_000),
    unread: stopReading(120_000),
    silent: beSilent(20_000, 50_000),
  });
  let running: ReturnType<typeof started>;

  beforeAll(() => {
    running = started();
    for (const run of Object.values(running)) run.catch(() => undefined);
  });

  test(
    '10 s and 90 s in which every packet is lost, and is back soon afterwards',
    async () => {
      const { short, long } = await running.packets;
      expect(short.end).toMatchObject(survived);
      expect(long.end).toMatchObject(survived);
      expect(short.backAfterMs).toBeLessThan(25_000);
      expect(long.backAfterMs).toBeLessThan(30_000);
    },
    limitMs,
  );

  test(
    'its client being stopped for a minute',
    async () => {
      expect(await running.stopped).toMatchObject(survived);
    },
    limitMs,
  );

  test(
    'two minutes in which nobody reads its output, which is held back and not cut off meanwhile',
    async () => {
      const { receivedMeanwhile, ...end } = await running.unread;
      expect(end).toMatchObject({ code: 0, isIntact: true });
      expect(end.stderr).not.toContain('lost');
      expect(receivedMeanwhile).toBe(0);
    },
    limitMs,
  );

  test(
    'what cuts connections that are silent for 20 s, without being cut',
    async () => {
      const end = await running.silent;
      expect(end).toMatchObject({ code: 0, isIntact: true });
      expect(end.stderr).not.toContain('lost');
    },
    limitMs,
  );

  test('being reset at half of its way', async () => {
    const totalBytes = 32 * 1024 * 1024;
    let received = 0;
    let cuts = 0;
    const proxy = await startApiServerProxy({
      onReceived: (bytes) => {
        received += bytes;
        if (received < totalBytes / 2 || cuts > 0) return;
        cuts++;
        proxy.cut();
      },
    });
    try {
      const generate = `head -c ${totalBytes} /dev/zero | openssl enc -aes-128-ctr -nosalt -K 0 -iv 0`;
      // The shell waits for the sum: what a command leaves running is ended with it.
      const script = `exec 3> >(sha256sum >&2); sum=$!; ${generate} | tee /dev/fd/3; exec 3>&-; wait $sum`;
      const { code, stdout, stderr } = await runCrashcart(
        [...target, ...proxy.flags, '-v', '4', '--', 'bash', '-c', script],
        { timeoutMs: 60_000 },
      );
      expect({ code, cuts, bytes: stdout.length }).toEqual({ code: 0, cuts: 1, bytes: totalBytes });
      expect(stderr).toContain('the connection is restored');
      expect(stderr).toContain(createHash('sha256').update(stdout).digest('hex'));
    } finally {
      proxy.close();
    }
  });

  test(
    'and after all of them nothing is left on the nodes',
    async () => {
      await Promise.allSettled(Object.values(running));
      await expectNoLeftovers(agents, 60_000);
    },
    limitMs,
  );
});
