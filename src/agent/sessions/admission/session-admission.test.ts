import { describe, expect, test } from '@jest/globals';
import {
  checkAdmission,
  decideBufferBytes,
  leastBufferBytes,
  makeRoom,
  maxBufferBytes,
} from './session-admission.ts';

const capacity = expect.objectContaining({ code: 'capacity' });

describe('a session', () => {
  test('is admitted while fewer than the limit run, and not by an agent that is about to exit', () => {
    expect(() => checkAdmission(1, 2, false)).not.toThrow();
    expect(() => checkAdmission(2, 2, false)).toThrow(capacity);
    expect(() => checkAdmission(0, 2, true)).toThrow(expect.objectContaining({ code: 'draining' }));
  });

  test('gets the memory of the oldest ended sessions, and of no more of them than it needs', () => {
    const half = maxBufferBytes / 2;
    const claims = [
      { id: 'running', bytes: half, hasEnded: false },
      { id: 'older', bytes: half / 2, hasEnded: true },
      { id: 'newer', bytes: half / 2, hasEnded: true },
    ];
    expect(makeRoom([...claims, { id: 'new', bytes: 0, hasEnded: false }])).toEqual([]);
    expect(makeRoom([...claims, { id: 'new', bytes: 1, hasEnded: false }])).toEqual(['older']);
    expect(makeRoom([...claims, { id: 'new', bytes: half, hasEnded: false }])).toEqual(['older', 'newer']);
  });

  test('has the buffers that it asks for while few outputs are there, and a little always', () => {
    const wanted = 4 * 1024 * 1024;
    expect(decideBufferBytes(maxBufferBytes / 4, 0)).toBe(maxBufferBytes / 4);
    let held = 0;
    const given = Array.from({ length: 1000 }, () => {
      const bytes = decideBufferBytes(wanted, held);
      held += bytes;
      return bytes;
    });
    expect(given.slice(0, 40)).toEqual(Array(40).fill(wanted));
    expect(Math.min(...given)).toBe(leastBufferBytes);
    expect(held).toBeLessThan(maxBufferBytes + 1000 * leastBufferBytes);
  });
});
