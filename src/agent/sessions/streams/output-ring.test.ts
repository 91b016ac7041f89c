import { describe, expect, test } from '@jest/globals';
import { OutputRing } from './output-ring.ts';

/** @returns all that a ring has from an offset on. */
function readAll(ring: OutputRing, from = ring.start, maxBytes = Infinity): string {
  let text = '';
  for (let part = ring.view(from, maxBytes); part !== null; part = ring.view(from + text.length, maxBytes))
    text += part.toString();
  return text;
}

describe('a ring', () => {
  test('takes no memory before it is written to', () => {
    expect(new OutputRing(1024).heldBytes).toBe(0);
  });

  test('has the latest bytes, by their offsets, however often it has come round', () => {
    const ring = new OutputRing(8);
    for (const chunk of ['abc', 'defgh', 'ij', 'klmnopqrstu']) ring.append(Buffer.from(chunk));
    expect({ start: ring.start, end: ring.end, heldBytes: ring.heldBytes }).toEqual({
      ...{ start: 13, end: 21, heldBytes: 8 },
    });
    expect(readAll(ring)).toBe('nopqrstu');
    expect(readAll(ring, 18)).toBe('stu');
    expect(readAll(ring, 13, 3)).toBe('nopqrstu');
    expect(ring.view(21, 8)).toBeNull();
  });

  test('gives no more at once than is asked for', () => {
    const ring = new OutputRing(8);
    ring.append(Buffer.from('abcdef'));
    expect(ring.view(1, 2)?.toString()).toBe('bc');
  });

  test('keeps what is from an offset on when it grows, and goes on behind it', () => {
    const ring = new OutputRing(4);
    ring.append(Buffer.from('abcdef'));
    ring.resize(3, 16);
    ring.append(Buffer.from('ghij'));
    expect({ start: ring.start, text: readAll(ring) }).toEqual({ start: 3, text: 'defghij' });
  });

  test('shrinks to what is kept, or to nothing', () => {
    const ring = new OutputRing(16);
    ring.append(Buffer.from('abcdef'));
    ring.resize(4, 2);
    expect({ heldBytes: ring.heldBytes, text: readAll(ring) }).toEqual({ heldBytes: 2, text: 'ef' });
    ring.resize(6, 0);
    expect({ start: ring.start, heldBytes: ring.heldBytes, text: readAll(ring) }).toEqual({
      ...{ start: 6, heldBytes: 0, text: '' },
    });
  });
});
