import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { expect } from '@jest/globals';
import { runCrashcart, waitUntil } from '../harness/command-run.ts';
import { removeAgents } from '../harness/interrupted-start.ts';
import { listProcesses, readCommandLine } from '../harness/node-processes.ts';
import { expectSuccess } from '../harness/test-namespace.ts';
import type { RequestFault, RequestFaultServer } from './request-fault-server.ts';

/** No command sends so many: the loop would not end. */
const maxRequests = 40;
const unharmed = { code: 3, stdout: 'through all of it', stderr: 'said\n', agentCount: 1 };

/** What a test cuts a command's requests with. */
export interface CutLoop {
  server: RequestFaultServer;
  /** Namespace of agents, which nobody else uses. */
  agents: string;
  /** Whether each command has to start an agent. */
  isCold: boolean;
  /** Chooses what is done to the request with an ordinal. */
  choose: (ordinal: number) => RequestFault[];
}

/**
 * Runs a session again and again, and spoils another one of its requests each time, until there is no further one. Each
 * session has to end as if nothing were, with one agent at most, and to leave no process.
 * @returns the requests that were spoilt.
 */
export async function cutEachRequest({ server, agents, isCold, choose }: CutLoop): Promise<string[]> {
  const spoilt: string[] = [];
  const harmed: object[] = [];
  for (let ordinal = 1; ordinal < maxRequests; ordinal++) {
    for (const fault of choose(ordinal)) {
      if (isCold) await removeAgents(agents);
      const marker = randomUUID();
      server.spoil(ordinal, fault);
      const script = `: ${marker}; cat; echo said >&2; exit 3`;
      const { code, stdout, stderr } = await runCrashcart(
        [
          ...['musl', '-n', 'targets', '--agent-namespace', agents, ...server.flags, '-q', '-i'],
          ...['--', 'bash', '-c', script],
        ],
        { input: 'through all of it' },
      );
      const request = server.getSpoilt();
      if (request === null) {
        expect(harmed).toEqual([]);
        return spoilt;
      }
      spoilt.push(request);
      const jobs = await expectSuccess(['get', 'jobs', '-n', agents, '-o', 'name']);
      const agentCount = jobs.trim().split('\n').length;
      const end = { code, stdout: stdout.toString(), stderr, agentCount };
      if (!isDeepStrictEqual(end, unharmed)) harmed.push({ request, fault, ...end });
      await waitUntil(`nothing is left after ${fault} of ${request}`, () =>
        Promise.resolve(
          !listProcesses()
            .map(readCommandLine)
            .some((line) => line.includes(marker)),
        ),
      );
    }
  }
  throw new Error(`there are more than ${maxRequests} requests`);
}
