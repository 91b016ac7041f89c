import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findPodCgroup } from './pod-cgroup.ts';

const uid = '0054ca24-865c-422a-8bec-04b6cb69167c';
const v1 = { file: 'freezer.state', freeze: 'FROZEN', thaw: 'THAWED' };
const v2 = { file: 'cgroup.freeze', freeze: '1', thaw: '0' };

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'crashcart-node-'));
});
afterEach(() => rm(root, { recursive: true }));

const make = (folder: string) => mkdir(join(root, folder, 'container'), { recursive: true });

describe('the cgroup of a pod is found', () => {
  test.each([
    ['with v1', `/sys/fs/cgroup/freezer/kubepods/besteffort/pod${uid}`, v1],
    ['with v1, of a guaranteed pod', `/sys/fs/cgroup/freezer/kubepods/pod${uid}`, v1],
    [
      'with v2 and systemd',
      `/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice`,
      v2,
    ],
    ['with v2, in a node that is a container', `/sys/fs/cgroup/kubelet/kubepods/burstable/pod${uid}`, v2],
  ])('%s', async (_case, folder, freezer) => {
    await make(folder);
    expect(await findPodCgroup(root, uid)).toEqual({ folder, freezer });
  });

  test('by v1 where both are mounted: the other one freezes nothing', async () => {
    await make(`/sys/fs/cgroup/unified/kubepods/pod${uid}`);
    await make(`/sys/fs/cgroup/freezer/kubepods/pod${uid}`);
    expect(await findPodCgroup(root, uid)).toMatchObject({ freezer: v1 });
  });
});

describe('no cgroup is found', () => {
  test('of a pod that is not there', async () => {
    await make('/sys/fs/cgroup/freezer/kubepods/podffffffff-865c-422a-8bec-04b6cb69167c');
    expect(await findPodCgroup(root, uid)).toBeNull();
  });

  test('that a container has made for itself in the name of a pod', async () => {
    await make(`/sys/fs/cgroup/kubepods/podffffffff-865c-422a-8bec-04b6cb69167c/container/pod${uid}`);
    expect(await findPodCgroup(root, uid)).toBeNull();
  });

  test('where no cgroup is mounted', async () => {
    expect(await findPodCgroup(root, uid)).toBeNull();
  });
});
