import { describe, expect, test } from '@jest/globals';
import { testAgentOptions } from '../testing/sample-agent-options.ts';
import { describePullFailure, findPullProblem } from './image-pull.ts';

const toolboxImage = 'registry.example/tools:1';
const start = { node: 'node-1', options: { ...testAgentOptions, toolboxImage } };

describe('an image that can’t be pulled', () => {
  test.each([
    ['ErrImagePull', 'dial tcp 10.0.0.1:443: i/o timeout', false],
    ['ErrImagePull', 'dial tcp: lookup registry.example: no such host', false],
    ['ErrImagePull', 'unexpected commit digest sha256:1, expected sha256:2: failed precondition', false],
    ['ErrImagePull', 'manifest unknown', true],
    ['ErrImagePull', 'unexpected status from HEAD request to https://r/: 403 Forbidden', true],
    ['ErrImagePull', 'no match for platform in manifest: not found', true],
    [
      'ErrImagePull',
      'tls: failed to verify certificate: x509: certificate signed by unknown authority',
      true,
    ],
    ['ErrImageNeverPull', '', true],
    ['InvalidImageName', '', true],
  ])('as %s: %j may be tried again, unless that changes nothing', (reason, message, isPermanent) => {
    expect(findPullProblem({ reason, message })).toEqual({ reason, message, isPermanent });
  });

  test.each([
    ['of an older kubelet says nothing', 'Back-off pulling image "registry.example/agent:1"', ''],
    [
      'has the registry’s words',
      'Back-off pulling image "registry.example/agent:1": ErrImagePull: manifest unknown',
      'manifest unknown',
    ],
  ])('and whose back-off %s', (_what, message, words) => {
    expect(findPullProblem({ reason: 'ImagePullBackOff', message })).toMatchObject({ message: words });
  });

  test('is the agent’s, or that of another toolbox', () => {
    const problem = { reason: 'ErrImagePull', isPermanent: true };
    expect(describePullFailure({ ...problem, message: 'denied' }, start)).toMatchObject({
      code: 'imageFailed',
      message:
        'the agent\'s image "registry.example/agent:1" can\'t be pulled on the node "node-1": ErrImagePull: denied',
    });
    expect(describePullFailure({ ...problem, message: `${toolboxImage}: denied` }, start).message).toMatch(
      /^the toolbox "registry.example\/tools:1" /,
    );
  });
});

test('a container that waits for something else has no such problem', () => {
  expect(findPullProblem({ reason: 'ContainerCreating', message: '' })).toBeNull();
});
