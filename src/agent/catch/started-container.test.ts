import { expect, test } from '@jest/globals';
import { parseCgroupName } from './started-container.ts';

const id = 'a1'.repeat(32);

test.each([id, `cri-containerd-${id}.scope`, `crio-${id}.scope`, `docker-${id}.scope`])(
  'the cgroup %s is the container’s',
  (name) => expect(parseCgroupName(name)).toBe(id),
);

test.each(['', 'crashcart-session', `crio-conmon-${id}.scope`, `${id}/..`, id.slice(1)])(
  'the cgroup "%s" is no container’s',
  (name) => expect(parseCgroupName(name)).toBeNull(),
);
