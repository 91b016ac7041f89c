import { describe, expect, test } from '@jest/globals';
import { findContainerDirectory, parseHierarchies } from './hierarchies.ts';

describe('the agent’s own cgroups', () => {
  test('are found where a v1 container has only its own folder mounted', () => {
    const id = 'f'.repeat(64);
    expect(
      parseHierarchies(
        `9:memory:/kubepods/besteffort/pod1/${id}\n3:cpu,cpuacct:/kubepods/besteffort/pod1/${id}\n0::/\n`,
        [
          `40 39 0:30 /kubepods/besteffort/pod1/${id} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory`,
          `41 39 0:31 /kubepods/besteffort/pod1/${id} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct`,
        ].join('\n'),
      ),
    ).toEqual([
      { version: 1, controllers: ['memory'], directory: '/sys/fs/cgroup/memory' },
      { version: 1, controllers: ['cpu', 'cpuacct'], directory: '/sys/fs/cgroup/cpu,cpuacct' },
    ]);
  });

  test('are below the root where a privileged v2 container sees the whole hierarchy', () => {
    expect(
      parseHierarchies(
        '0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-1.scope\n',
        '40 39 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup rw',
      ),
    ).toEqual([
      {
        version: 2,
        controllers: [],
        directory: '/sys/fs/cgroup/kubepods.slice/kubepods-pod1.slice/cri-containerd-1.scope',
      },
    ]);
  });

  test('are the mount itself in a cgroup namespace of the container’s own', () => {
    expect(parseHierarchies('0::/\n', '40 39 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup rw')).toEqual([
      { version: 2, controllers: [], directory: '/sys/fs/cgroup' },
    ]);
  });

  test('leave out a hierarchy that is not mounted', () => {
    expect(parseHierarchies('9:memory:/a\n', '')).toEqual([]);
  });

  test('are those of its container, or a leaf below them', () => {
    const find = (cgroup: string) =>
      parseHierarchies(`0::${cgroup}\n`, '40 39 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup rw').map(
        findContainerDirectory,
      );
    expect(find('/pod1/1')).toEqual(['/sys/fs/cgroup/pod1/1']);
    expect(find('/pod1/1/agent')).toEqual(['/sys/fs/cgroup/pod1/1']);
    expect(find('/pod1/my-agent')).toEqual(['/sys/fs/cgroup/pod1/my-agent']);
  });
});
