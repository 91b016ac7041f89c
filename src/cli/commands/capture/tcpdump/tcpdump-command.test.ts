import { expect, test } from '@jest/globals';
import { buildTcpdump, readTcpdumpCounts, readTcpdumpError } from './tcpdump-command.ts';

test('the counts at the end are read, and what the interface has dropped counts as dropped', () => {
  const said = [
    'tcpdump: listening on any, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 262144 bytes',
    '20 packets captured',
    '23 packets received by filter',
    '2 packets dropped by kernel',
    '1 packet dropped by interface',
  ].join('\n');
  expect(readTcpdumpCounts(said)).toEqual({ received: 23, dropped: 3 });
  expect(readTcpdumpError(said)).toBeNull();
});

test('what tcpdump does not tell is not known', () => {
  expect(readTcpdumpCounts('')).toEqual({ received: null, dropped: null });
});

test('the words of a failure are what tcpdump says', () => {
  const said =
    'tcpdump: data link type LINUX_SLL2\ntcpdump: eth7: No such device exists\n(No such device exists)\n';
  expect(readTcpdumpError(said)).toBe('eth7: No such device exists');
});

test('a filter is one word, and never a flag', () => {
  const request = { networkInterface: 'any', snapBytes: 96, filter: '-w /tmp/x' };
  expect(buildTcpdump(request, 'packets').slice(-4)).toEqual(['-s', '96', '--', '-w /tmp/x']);
});
