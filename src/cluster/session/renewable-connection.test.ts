import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../failure/failure.ts';
import type { SessionClient } from './session-client.ts';
import type { AgentConnection } from './agent-connection.ts';
import { RenewableConnection } from './renewable-connection.ts';

const lost = new Failure('connectionLost', 'the connection was lost');

function createConnection(receivedBytes = 1): AgentConnection & { isClosed: boolean } {
  const connection = {
    client: {} as SessionClient,
    tunnel: { receivedBytes } as AgentConnection['tunnel'],
    isClosed: false,
    close: () => (connection.isClosed = true),
  };
  return connection;
}

function open(next: (attempt: number) => Promise<AgentConnection>, started = Promise.resolve()) {
  const told: string[] = [];
  let attempts = 0;
  const first = createConnection();
  const renewable = new RenewableConnection(first, {
    waitForStart: () => started,
    reconnect: () => next(++attempts),
    onLost: () => told.push('lost'),
    onRestored: () => told.push('restored'),
  });
  return { renewable, first, told, countAttempts: () => attempts };
}

describe('a lost connection', () => {
  test('is renewed once for all requests that failed with it', async () => {
    const second = createConnection();
    const { renewable, first, told, countAttempts } = open(() => Promise.resolve(second));
    const clients = await Promise.all([
      renewable.renew(first.client, lost),
      renewable.renew(first.client, lost),
    ]);
    expect(clients).toEqual([second.client, second.client]);
    // A request that failed late finds that there is another connection already.
    expect(await renewable.renew(first.client, lost)).toBe(second.client);
    expect({ attempts: countAttempts(), told, closed: first.isClosed }).toEqual({
      attempts: 1,
      told: ['lost', 'restored'],
      closed: true,
    });
  });

  test('is not renewed for a failure that another connection does not change', async () => {
    const { renewable, first, countAttempts } = open(() => Promise.resolve(createConnection()));
    const corrupt = new Failure('streamCorrupt', 'other bytes');
    await expect(renewable.renew(first.client, corrupt)).rejects.toBe(corrupt);
    await expect(renewable.renew(first.client, new Error('EPIPE'))).rejects.toThrow('EPIPE');
    expect(countAttempts()).toBe(0);
  });

  test('that cannot be renewed fails with the reason', async () => {
    const gone = new Failure('agentFailed', 'the agent has ended');
    const { renewable, first } = open(() => Promise.reject(gone));
    await expect(renewable.renew(first.client, lost)).rejects.toBe(gone);
  });

  test('before the session has started fails as the start does', async () => {
    const refused = new Error('refused');
    const { renewable, first, told } = open(
      () => Promise.resolve(createConnection()),
      Promise.reject(refused),
    );
    await expect(renewable.renew(first.client, lost)).rejects.toBe(refused);
    expect(told).toEqual([]);
  });

  test('that is renewed again and again without receiving a byte is given up', async () => {
    const { renewable, countAttempts } = open(() => Promise.resolve(createConnection(0)));
    const renew = async () => {
      for (;;) await renewable.renew(renewable.client, lost);
    };
    await expect(renew()).rejects.toBe(lost);
    expect(countAttempts()).toBeLessThan(10);
  });

  test.each(['keepLast', 'close'] as const)('is not renewed after %s()', async (end) => {
    const { renewable, first, countAttempts } = open(() => Promise.resolve(createConnection()));
    renewable[end]();
    await expect(renewable.renew(first.client, lost)).rejects.toBe(lost);
    expect({ attempts: countAttempts(), closed: first.isClosed }).toEqual({
      attempts: 0,
      closed: end === 'close',
    });
  });
});
