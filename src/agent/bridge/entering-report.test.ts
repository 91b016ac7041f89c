import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { waitForStart } from './entering-report.ts';

const started: ChildProcess[] = [];
/** Plays the programs that enter a target, with a pipe as they have. */
function enter(script: string): ChildProcess {
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  started.push(child);
  return child;
}
afterEach(() => {
  for (const { pid } of started.splice(0)) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
});

const wait = (child: ChildProcess, limitMs = 5000, signal = new AbortController().signal) =>
  waitForStart(child, limitMs, signal);
const refusal = (message: string) => ({ code: 'bridgeFailed', message });

describe('the programs that enter a target', () => {
  test('have started the command when they say so, also when it has ended by then', async () => {
    await wait(enter("printf '\\0' >&2; sleep 60"));
    const child = enter("printf '\\0' >&2");
    await wait(child);
  });

  test('may warn before, and write whatever later, which nobody waits for', async () => {
    const child = enter("printf 'a warning\\n\\0' >&2; head -c 1000000 /dev/zero >&2");
    await wait(child);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('may say what the session lacks, which is passed on', async () => {
    const child = enter("printf 'tini: odd\\nwarning: no volume\\nwarning: no log\\n\\0' >&2");
    expect(await wait(child)).toEqual(['no volume', 'no log']);
  });

  test('have failed when they end before, with all that they said', async () => {
    await expect(wait(enter('printf "mount: no\\nthe step\\n" >&2; exit 32'))).rejects.toMatchObject(
      refusal('the target could not be entered: mount: no; the step'),
    );
  });

  test('have failed also when they say nothing, and when they are killed', async () => {
    await expect(wait(enter('exit 0'))).rejects.toMatchObject(
      refusal('the target could not be entered: exit code 0'),
    );
    await expect(wait(enter('kill -KILL $$'))).rejects.toMatchObject(
      refusal('the target could not be entered: killed by SIGKILL'),
    );
  });

  test('have failed when they end, though something else keeps the pipe', async () => {
    await expect(wait(enter('sleep 60 & echo why >&2; exit 1'))).rejects.toMatchObject(
      refusal('the target could not be entered: why'),
    );
  });

  test('have a limit, and their words are told and bounded', async () => {
    await expect(wait(enter('echo waiting >&2; sleep 60'), 300)).rejects.toMatchObject(
      refusal('the target could not be entered within 0.3 s: waiting'),
    );
    const error: unknown = await wait(enter('tr "\\0" x </dev/zero | head -c 10000000 >&2')).catch(
      (failure: unknown) => failure,
    );
    expect((error as Error).message.length).toBeLessThan(10_000);
  });

  test('are not waited for when the start is aborted', async () => {
    const abort = new AbortController();
    const waiting = wait(enter('sleep 60'), 5000, abort.signal);
    abort.abort(new Error('no longer wanted'));
    await expect(waiting).rejects.toThrow('no longer wanted');
    await expect(wait(enter('sleep 60'), 5000, abort.signal)).rejects.toThrow('no longer wanted');
  });

  test('have failed when the first of them is not there', async () => {
    const child = spawn('/no/such/program', { stdio: ['ignore', 'ignore', 'pipe'] });
    await expect(wait(child)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
