import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { InterruptedError } from '../errors.ts';
import { Lifetime, runUntilInterrupted } from './lifetime.ts';

/** What Node does when the process gets a signal. */
function receive(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void {
  process.emit(signal, signal);
}

describe('a run', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('ends by %s, with the exit code of a shell', async (signal, exitCode) => {
    const running = runUntilInterrupted((aborted) => {
      receive(signal);
      aborted.throwIfAborted();
      return Promise.resolve();
    });
    await expect(running).rejects.toMatchObject({ name: InterruptedError.name, exitCode });
    expect(process.listenerCount(signal)).toBe(0);
  });

  test('that was ended and does not notice is not a success, nor a failure of its own', async () => {
    const returning = runUntilInterrupted(() => Promise.resolve(receive('SIGTERM')));
    await expect(returning).rejects.toMatchObject({ exitCode: 143 });
    const failing = runUntilInterrupted((signal) => {
      const waiting = delay(60_000, undefined, { signal });
      receive('SIGINT');
      return waiting;
    });
    await expect(failing).rejects.toMatchObject({ exitCode: 130 });
  });

  test('offers SIGINT to whoever intercepts it, until that is taken back; other signals end it', async () => {
    const ending = runUntilInterrupted((signal, lifetime) => {
      let offers = 0;
      const takeBack = lifetime.interceptInterrupts(() => ++offers === 1);
      receive('SIGINT');
      expect(signal.aborted).toBe(false);
      takeBack();
      receive('SIGINT');
      expect({ offers, aborted: signal.aborted }).toEqual({ offers: 1, aborted: true });
      return Promise.resolve();
    });
    await expect(ending).rejects.toMatchObject({ exitCode: 130 });
    const other = runUntilInterrupted((signal, lifetime) => {
      lifetime.interceptInterrupts(() => true);
      receive('SIGTERM');
      expect(signal.aborted).toBe(true);
      return Promise.resolve();
    });
    await expect(other).rejects.toMatchObject({ exitCode: 143 });
  });

  test('undoes at its end what it has deferred, the last step first, but no step that was removed', async () => {
    const undone: string[] = [];
    const failed = new Error('the command failed');
    const running = runUntilInterrupted((_signal, lifetime) => {
      lifetime.defer(() => void undone.push('first'));
      lifetime.defer(() => void undone.push('removed'))();
      lifetime.defer(() => Promise.reject(new Error('the API server is gone')));
      lifetime.defer(() => void undone.push('last'));
      return Promise.reject(failed);
    });
    await expect(running).rejects.toBe(failed);
    expect(undone).toEqual(['last', 'first']);
  });

  test('does not wait beyond its end, for which the first reason counts', async () => {
    const lifetime = new Lifetime();
    const reason = new Error('enough');
    const waiting = lifetime.race(new Promise(() => undefined));
    lifetime.end(reason);
    lifetime.end(new Error('too late'));
    await expect(waiting).rejects.toBe(reason);
    await expect(lifetime.race(new Promise(() => undefined))).rejects.toBe(reason);
    await lifetime.close();
  });
});
