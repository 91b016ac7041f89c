import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../failure/failure.ts';
import type { SessionClient } from './session-client.ts';
import type { SessionConnection } from './agent-connection.ts';
import { SessionLink } from './client-session.ts';

const lost = new Failure('connectionLost', 'it is lost');

function createConnection(receivedBytes = 1): SessionConnection & { isClosed: boolean } {
  const connection = {
    client: {} as SessionClient,
    tunnel: { receivedBytes } as SessionConnection['tunnel'],
    isClosed: false,
    close: () => (connection.isClosed = true),
  };
  return connection;
}

function open(next: (attempt: number) => Promise<SessionConnection>, started = Promise.resolve()) {
  const told: string[] = [];
  let attempts = 0;
  const first = createConnection();
  const link = new SessionLink(first, {
    started,
    reconnect: () => next(++attempts),
    onLost: () => told.push('lost'),
    onRestored: () => told.push('restored'),
  });
  return { link, first, told, countAttempts: () => attempts };
}

describe('a lost connection', () => {
  test('is made anew once for all that it has failed', async () => {
    const second = createConnection();
    const { link, first, told, countAttempts } = open(() => Promise.resolve(second));
    const clients = await Promise.all([link.renew(first.client, lost), link.renew(first.client, lost)]);
    expect(clients).toEqual([second.client, second.client]);
    // Who hears of it late has another one already.
    expect(await link.renew(first.client, lost)).toBe(second.client);
    expect({ attempts: countAttempts(), told, closed: first.isClosed }).toEqual({
      attempts: 1,
      told: ['lost', 'restored'],
      closed: true,
    });
  });

  test('is no reason to try again for what another one does not mend', async () => {
    const { link, first, countAttempts } = open(() => Promise.resolve(createConnection()));
    const corrupt = new Failure('streamCorrupt', 'other bytes');
    await expect(link.renew(first.client, corrupt)).rejects.toBe(corrupt);
    await expect(link.renew(first.client, new Error('EPIPE'))).rejects.toThrow('EPIPE');
    expect(countAttempts()).toBe(0);
  });

  test('that can’t be made anew fails with why', async () => {
    const gone = new Failure('agentFailed', 'the agent has ended');
    const { link, first } = open(() => Promise.reject(gone));
    await expect(link.renew(first.client, lost)).rejects.toBe(gone);
  });

  test('before the session has started fails as the start does', async () => {
    const refused = new Error('refused');
    const { link, first, told } = open(() => Promise.resolve(createConnection()), Promise.reject(refused));
    await expect(link.renew(first.client, lost)).rejects.toBe(refused);
    expect(told).toEqual([]);
  });

  test('that comes back again and again without a byte is given up', async () => {
    const { link, countAttempts } = open(() => Promise.resolve(createConnection(0)));
    const renew = async () => {
      for (;;) await link.renew(link.client, lost);
    };
    await expect(renew()).rejects.toBe(lost);
    expect(countAttempts()).toBeLessThan(10);
  });

  test.each(['leave', 'close'] as const)('is not made anew after %s()', async (end) => {
    const { link, first, countAttempts } = open(() => Promise.resolve(createConnection()));
    link[end]();
    await expect(link.renew(first.client, lost)).rejects.toBe(lost);
    expect({ attempts: countAttempts(), closed: first.isClosed }).toEqual({
      attempts: 0,
      closed: end === 'close',
    });
  });
});
