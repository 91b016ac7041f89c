import { expect } from '@jest/globals';
import { expectSuccess } from '../harness/test-namespace.ts';
import { EchoStream, survived } from './echo-stream.ts';
import { hurtSession } from './session-chaos.ts';

const firstMark = 4_280_000;
/** Victims at the same time. */
const lanes = 3;

/**
 * Hurts one session after the other, beside a session whose bytes are compared. Expects that the agent goes on, and that
 * each victim ends as a killed one, is told so, and leaves nothing.
 * @param agents the namespace of the agent.
 * @returns the number of victims.
 */
export async function hurtSessions(agents: string, ms: number): Promise<number> {
  const own = ['musl', '-n', 'targets', '-q', '--agent-namespace', agents, '--agent-idle', '20s'];
  const bystander = await EchoStream.start(own, { bytesPerSecond: 512 * 1024 });
  const listAgents = () => expectSuccess(['get', 'pods', '-n', agents, '-o', 'name']);
  const agent = await listAgents();
  let count = 0;
  const endMs = performance.now() + ms;
  const hurt = async () => {
    while (performance.now() < endMs) {
      const { fault, end, left } = await hurtSession(own, firstMark + count++);
      expect({ fault, code: end.code, stderr: end.stderr, left }).toEqual({
        ...{ fault, code: 137, left: [] },
        stderr: expect.stringMatching(/killed|signal 9|lost control/),
      });
    }
  };
  await Promise.all(Array.from({ length: lanes }, hurt));
  await bystander.waitForFlow();
  // Its session is in the agent's process: had this ended, the session would have ended, too.
  expect(await bystander.finish()).toMatchObject(survived);
  expect(await listAgents()).toBe(agent);
  return count;
}
