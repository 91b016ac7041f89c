import { describe, expect, test } from '@jest/globals';
import { checkStep, listPermissionSteps } from './permissions.ts';

const steps = listPermissionSteps('shop', 'crashcart');
const get = (check: string) => steps.find((step) => step.check === check) as (typeof steps)[number];

describe('a step', () => {
  test('whose permissions are all there is ok', () => {
    expect(checkStep(get('may enter agents'), [])).toEqual({
      status: 'ok',
      message: 'you may get, create pods/exec in the namespace "crashcart"',
      fix: null,
    });
  });

  test('without which there is no session has failed, and names what is missing', () => {
    const step = get('may enter agents');
    expect(checkStep(step, step.needs.slice(1))).toEqual({
      status: 'failed',
      message: 'you may not create pods/exec in the namespace "crashcart"',
      fix: expect.stringMatching(
        /^https:.*\/manifests\/rbac\.yaml grants it \(`kubectl crashcart manifests` prints it\)$/,
      ),
    });
  });

  test('without which there are sessions is a warning', () => {
    const step = get('may read nodes');
    expect(checkStep(step, step.needs)).toMatchObject({
      status: 'warning',
      message: 'you may not get nodes and get runtimeclasses.node.k8s.io',
    });
  });
});

test('of a node as target nothing is asked in the namespace of targets', () => {
  const namespaces = listPermissionSteps(null, 'crashcart').flatMap(({ needs }) =>
    needs.map(({ namespace }) => namespace),
  );
  expect(new Set(namespaces)).toEqual(new Set(['crashcart', null]));
});
