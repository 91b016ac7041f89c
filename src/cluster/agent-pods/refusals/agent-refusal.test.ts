import { describe, expect, test } from '@jest/globals';
import { describeRefusal, isPassingRefusal } from './agent-refusal.ts';

const denied =
  "ValidatingAdmissionPolicy 'crashcart-agents' with binding 'crashcart-agents' denied request: ";

function advise(message: string): string | null {
  return describeRefusal('pod', message, 'crashcart').hint;
}

describe('the advice for an agent that is refused', () => {
  test.each([
    [
      'an image that is not listed',
      `${denied}the image of an agent has to be one of the ConfigMap crashcart-agent-images, not busybox`,
      'ConfigMap crashcart-agent-images: an administrator adds the image there',
    ],
    [
      'a list that is not there',
      "ValidatingAdmissionPolicy 'crashcart-agents' with binding 'crashcart-agents' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction",
      'ConfigMap crashcart-agent-images: an administrator adds the image there',
    ],
    ['--toolbox', `${denied}an agent has no volumes`, 'leave the flag out'],
    ['another shape', `${denied}an agent listens on no port`, 'applies the policy of this version'],
  ])('by our own policy for %s does not ask to switch it off', (_why, message, words) => {
    const advice = advise(message);
    expect(advice).toContain(words);
    expect(advice).not.toContain('exempt');
  });

  test.each([
    ["ValidatingAdmissionPolicy 'no-privileges' denied request: no", 'exempt the namespace'],
    ['violates PodSecurity "restricted:latest"', 'pod-security.kubernetes.io/enforce=privileged'],
    ['exceeded quota: none', 'A ResourceQuota of the namespace "crashcart" has no room'],
    ['failed quota: q: must specify limits.cpu for: agent', 'wants each container to name this resource'],
    [
      'insufficient quota to match these scopes: [{PriorityClass In [system-node-critical]}]',
      'scopeSelector has the scope PriorityClass',
    ],
    ['[maximum cpu usage per Container is 1, but no limit is specified]', 'A LimitRange of the namespace'],
    ['minimum memory usage per Pod is 1Gi, but request is 64Mi', 'A LimitRange of the namespace'],
    ['memory max limit to request ratio per Container is 2, but provided ratio is 64', 'A LimitRange of'],
    [
      'unable to create new content in namespace crashcart because it is being terminated',
      'The namespace "crashcart" is being deleted',
    ],
    ['unable to validate against any security context constraint: [..]', 'add-scc-to-user privileged'],
    ['no PriorityClass with name high was found', 'kubectl get priorityclasses'],
    ['failed calling webhook "pods.example": connection refused', '"pods.example" does not answer'],
    ['admission webhook "warden.example" denied the request: no', '"warden.example" forbids agents'],
  ])('%j is for the cluster’s administrator', (message, words) => {
    expect(advise(message)).toContain(words);
  });
});

test.each([
  ['error looking up service account ns/default: serviceaccount "default" not found', true],
  ['Operation cannot be fulfilled on resourcequotas "q": the object has been modified', true],
  ['exceeded quota: none', false],
  ['pods "agent" is forbidden: violates PodSecurity', false],
])('whether the Job controller is to try again after %j: %s', (message, isPassing) => {
  expect(isPassingRefusal(message)).toBe(isPassing);
});
