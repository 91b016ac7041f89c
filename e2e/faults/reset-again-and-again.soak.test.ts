import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand } from '../../images/machine/run-command.ts';
import { startApiServerProxy } from '../harness/api-server-proxy.ts';
import { startKubectl } from '../harness/command-run.ts';
import { createTestNamespace, deleteTestNamespace, privilegedLabels } from '../harness/test-namespace.ts';
import { prepareTestCluster } from '../test-cluster.ts';
import { expectNoLeftovers } from './leftovers.ts';

const agents = 'reset-again';
const target = ['musl', '-n', 'targets', '--agent-namespace', agents, '--agent-idle', '2s'];
const runs = 20;
const totalBytes = 200_000_000;
const resets = 2;

beforeAll(async () => {
  // Another soak test may have made the cluster anew, which is empty then.
  await prepareTestCluster();
  await createTestNamespace(agents, privilegedLabels);
}, 240_000);
afterAll(() => deleteTestNamespace(agents), 60_000);

/** Bytes that depend on the run and can be made on both sides. */
const script = (run: number) =>
  `head -c ${totalBytes} /dev/zero | openssl enc -aes-128-ctr -nosalt -K ${String(run).padStart(32, '0')} -iv 0`;

/** Reads 200 MB over a connection that is reset twice on the way. */
async function receive(run: number): Promise<{ code: number; cuts: number; bytes: number; hash: string }> {
  const proxy = await startApiServerProxy();
  const hash = createHash('sha256');
  let bytes = 0;
  let cuts = 0;
  try {
    const client = await startKubectl([
      'crashcart',
      ...target,
      ...proxy.flags,
      '--',
      'sh',
      '-c',
      script(run),
    ]);
    client.stderr.resume();
    client.stdout.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes < ((cuts + 1) * totalBytes) / (resets + 1) || cuts === resets) return;
      cuts++;
      proxy.cut();
    });
    const code = await new Promise<number>((resolve) => client.once('close', resolve));
    return { code, cuts, bytes, hash: hash.digest('hex') };
  } finally {
    proxy.close();
  }
}

async function computeHash(run: number): Promise<string> {
  return (await runCommand('sh', ['-c', `${script(run)} | sha256sum`])).slice(0, 64);
}

describe('200 MB over a connection that is reset twice', () => {
  test.each(Array.from({ length: runs }, (_, run) => run + 1))(
    'arrive as they were sent (run %d)',
    async (run) => {
      const expected = await computeHash(run);
      expect(await receive(run)).toEqual({ code: 0, cuts: resets, bytes: totalBytes, hash: expected });
    },
    120_000,
  );

  test('and leave nothing', async () => {
    await expectNoLeftovers(agents, 60_000);
  }, 90_000);
});
