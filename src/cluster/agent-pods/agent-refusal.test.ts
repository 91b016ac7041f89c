import { describe, expect, test } from '@jest/globals';
import { describeRefusal } from './agent-refusal.ts';

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
    ['exceeded quota: none', 'A ResourceQuota of the namespace "crashcart"'],
  ])('%j is for the cluster’s administrator', (message, words) => {
    expect(advise(message)).toContain(words);
  });
});
