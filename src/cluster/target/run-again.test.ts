import { expect, test } from '@jest/globals';
import { podSchema } from '../api/objects/kubernetes-objects.ts';
import { findContainerStatus } from './target-container.ts';
import { mayRunAgain } from './run-again.ts';

const ended = (exitCode: number) => ({ terminated: { exitCode } });

function askFor(name: string, state: object, spec: object = {}, phase = 'Running'): boolean {
  const pod = podSchema.parse({
    metadata: { name: 'web' },
    spec: {
      containers: [{ name: 'app' }],
      initContainers: [{ name: 'setup' }, { name: 'proxy', restartPolicy: 'Always' }],
      ephemeralContainers: [{ name: 'debugger' }],
      ...spec,
    },
    status: { phase, containerStatuses: [{ name, state }] },
  });
  return mayRunAgain(pod, name, findContainerStatus(pod, name));
}

test.each<[string, string, object, object, boolean]>([
  ['one that waits for its image', 'app', { waiting: { reason: 'ImagePullBackOff' } }, {}, true],
  ['one that has crashed', 'app', ended(1), {}, true],
  [
    'one that has crashed, in a pod that restarts nothing',
    'app',
    ended(1),
    { restartPolicy: 'Never' },
    false,
  ],
  ['one that has failed, in a Job', 'app', ended(1), { restartPolicy: 'OnFailure' }, true],
  ['one that has succeeded, in a Job', 'app', ended(0), { restartPolicy: 'OnFailure' }, false],
  ['an init container that has succeeded', 'setup', ended(0), {}, false],
  ['an init container that has failed', 'setup', ended(1), {}, true],
  ['a sidecar that has ended', 'proxy', ended(0), {}, true],
  ['an ephemeral container that has ended', 'debugger', ended(1), {}, false],
])('%s runs again: %#', (_what, name, state, spec, expected) => {
  expect(askFor(name, state, spec)).toBe(expected);
});

test('nothing runs again in a pod that has ended, as one that was evicted', () => {
  expect(askFor('app', {}, {}, 'Failed')).toBe(false);
});
