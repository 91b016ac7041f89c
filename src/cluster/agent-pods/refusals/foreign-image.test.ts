import { expect, test } from '@jest/globals';
import { agentPaths } from '../../../session-api/agent-paths.ts';
import { isForeignEnd, refuseMissingRelay } from './foreign-image.ts';

test.each([
  ['ended well, without a word', { exitCode: 0, message: '' }, true],
  ['ended as an agent does', { exitCode: 0, message: 'crashcart agent: idle' }, false],
  ['crashed', { exitCode: 139, message: '' }, false],
])('a program that has %s', (_what, end, isForeign) => {
  expect(
    isForeignEnd({ ...end, signal: 0, reason: '', startedAt: null, finishedAt: null, containerID: '' }),
  ).toBe(isForeign);
});

test.each([
  [
    `exec failed: unable to start container process: exec: "${agentPaths.relay}": stat: no such file or directory`,
  ],
  [`executable file \`${agentPaths.relay}\` not found: No such file or directory`],
  [`exec "${agentPaths.relay}": exec format error`],
])('an image without the relay is told by the runtime’s words: %s', (words) => {
  expect(() => refuseMissingRelay('busybox', 'node-1', new Error(words))).toThrow(
    'the image "busybox" is not an agent\'s',
  );
});

test('a tunnel that breaks does not tell of the image', () => {
  for (const words of ['websocket: close 1006', `${agentPaths.relay}: connection refused`])
    expect(() => refuseMissingRelay('busybox', 'node-1', new Error(words))).not.toThrow();
});
