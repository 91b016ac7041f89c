import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart } from '../harness/command-run.ts';
import { interruptStart, type InterruptingSignal, removeAgents } from '../harness/interrupted-start.ts';
import { createTestNamespace, deleteTestNamespace, privilegedLabels } from '../harness/test-namespace.ts';
import { prepareTestCluster } from '../test-cluster.ts';

const agents = 'interrupt-any';
const lastMs = 1500;
const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
const signals = Object.keys(codes) as InterruptingSignal[];

beforeAll(async () => {
  // Another soak test may have made the cluster anew, which is empty then.
  await prepareTestCluster();
  await createTestNamespace(agents, privilegedLabels);
}, 240_000);
afterAll(() => deleteTestNamespace(agents), 60_000);

describe('a client that is interrupted at any moment', () => {
  test(
    'leaves no command, and no tracer, in an agent that runs',
    async () => {
      for (let afterMs = 0; afterMs <= lastMs; afterMs += 10) {
        const target = ['musl', '-n', 'targets', '-q', '--agent-namespace', agents];
        expect((await runCrashcart([...target, '--', 'true'])).code).toBe(0);
        const signal = signals[(afterMs / 10) % signals.length] ?? 'SIGINT';
        const { code, stderr, processes } = await interruptStart(agents, afterMs, signal);
        const ended = { afterMs, signal, code, stderr, processes };
        expect(ended).toEqual({ afterMs, signal, code: codes[signal], stderr: '', processes: [] });
      }
    },
    20 * 60_000,
  );

  test(
    'leaves no agent that was made for it',
    async () => {
      // A cold start takes longer.
      for (let afterMs = 0; afterMs <= 2 * lastMs; afterMs += 50) {
        await removeAgents(agents);
        const signal = signals[(afterMs / 50) % signals.length] ?? 'SIGINT';
        const end = await interruptStart(agents, afterMs, signal);
        const nothing = { code: codes[signal], stderr: '', processes: [], jobs: [] };
        expect({ afterMs, signal, ...end }).toEqual({ afterMs, signal, ...nothing });
      }
    },
    20 * 60_000,
  );
});
