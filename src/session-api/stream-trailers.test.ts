import { describe, expect, test } from '@jest/globals';
import { formatTrailers, parseTrailers, type StreamTrailers } from './stream-trailers.ts';

const trailers: StreamTrailers = {
  bytes: 12,
  sha256: 'ab'.repeat(32),
  end: {
    reason: 'targetEnded',
    exitCode: 137,
    message: 'the target’s process ended\n',
    warnings: ['ein Prozeß'],
    leftProcesses: [{ pid: 7, name: 'cat\u001b' }],
  },
};

describe('the trailers of a stream', () => {
  test('carry its end, a message in any script included', () => {
    expect(parseTrailers(formatTrailers(trailers))).toEqual(trailers);
  });

  test.each([
    ['bytes', 'crashcart-bytes'],
    ['the hash', 'crashcart-sha256'],
    ['the exit code', 'crashcart-exit-code'],
    ['the reason', 'crashcart-reason'],
  ])('are none without %s', (_name, field) => {
    const fields = formatTrailers(trailers);
    expect(
      parseTrailers(Object.fromEntries(Object.entries(fields).filter(([key]) => key !== field))),
    ).toBeNull();
  });

  test.each(['256', 'abc', '-1', ''])('are none with the exit code %j', (code) => {
    expect(parseTrailers({ ...formatTrailers(trailers), 'crashcart-exit-code': code })).toBeNull();
  });
});
