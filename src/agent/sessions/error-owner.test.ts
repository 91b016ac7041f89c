import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const run = promisify(execFile);
const sources = join(import.meta.dirname, '../..');

/** Where an error comes from. */
const faults = {
  'in a timer': `setTimeout(() => { throw new Error('a fault') }, 1)`,
  'in a promise that nobody waits for': `Promise.reject(new Error('a fault'))`,
  'later in such a promise': `void new Promise((done) => setTimeout(done, 1)).then(() => { throw new Error('a fault') })`,
  'in the event of a child process': `spawn('true').on('exit', () => { throw new Error('a fault') })`,
  'as an error event that nobody listens to': `setTimeout(() => new EventEmitter().emit('error', new Error('a fault')), 1)`,
};

/**
 * Lets every fault happen, in a process of its own, as an error that nobody catches concerns the whole of one.
 * @param where `session`: each in a session of its own; `elsewhere`: all of them beside the sessions.
 * @returns how each session ended, null for one that runs; and the agent's log.
 */
async function runSessions(where: 'session' | 'elsewhere'): Promise<{ ends: object; log: string }> {
  const functions = Object.entries(faults).map(
    ([name, fault]) => `${JSON.stringify(name)}: () => { ${fault} }`,
  );
  const program = `
    import { spawn } from 'node:child_process';
    import { randomUUID } from 'node:crypto';
    import { EventEmitter } from 'node:events';
    import { setTimeout as delay } from 'node:timers/promises';
    import { ownStrayErrors } from '${sources}/agent/sessions/error-owner.ts';
    import { createSpec, FakeAgent } from '${sources}/testing/fake-agent.ts';
    ownStrayErrors();
    const faults = { ${functions.join(', ')} };
    const ids = { other: randomUUID() };
    const names = Object.keys(faults);
    for (const name of names) ids[name] = randomUUID();
    const agent = new FakeAgent({
      prepareProcess: async (id, spec) => {
        const fault = faults[names.find((name) => ids[name] === id)];
        if (${where === 'session'}) fault?.();
        return agent.makeProcess(id, spec);
      },
    });
    for (const id of Object.values(ids)) await agent.addSession(id);
    if (${where === 'elsewhere'}) for (const fault of Object.values(faults)) fault();
    await delay(500);
    const ends = {};
    for (const [name, id] of Object.entries(ids)) ends[name] = (await agent.registry.get(id)).state.end?.message ?? null;
    console.log(JSON.stringify(ends));
    process.exit();
  `;
  const args = ['--input-type=module-typescript', '--eval', program];
  const { stdout, stderr } = await run(process.execPath, args, { timeout: 30_000 });
  return { ends: JSON.parse(stdout) as object, log: stderr };
}

const names = Object.keys(faults);

test('an error of one session that nobody catches ends that session alone', async () => {
  const { ends, log } = await runSessions('session');
  const message = 'the agent lost control of the session: a fault';
  expect(ends).toEqual({ other: null, ...Object.fromEntries(names.map((name) => [name, message])) });
  const line = /^an error that nobody expected, of session [0-9a-f-]{36}: Error: a fault$/gm;
  expect(log.match(line)).toHaveLength(names.length);
});

test('an error of no session ends none of them', async () => {
  const { ends, log } = await runSessions('elsewhere');
  expect(ends).toEqual({ other: null, ...Object.fromEntries(names.map((name) => [name, null])) });
  const line = /^an error that nobody expected, of the agent: Error: a fault$/gm;
  expect(log.match(line)).toHaveLength(names.length);
});
