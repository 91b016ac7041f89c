import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { listCgroups, listCgroupProcesses } from './cgroups.ts';
import { recordFile } from './cluster-layout.ts';
import { getClusterState, readClusterRecord } from './cluster-state.ts';
import { getClusterStatus } from './cluster-status.ts';
import { listInterfaces } from './network.ts';
import { isRunning } from './processes.ts';
import { startCluster } from './start-cluster.ts';
import { stopCluster } from './stop-cluster.ts';

// Not among the end-to-end tests: it takes the cluster away that they share.

const limitMs = 5 * 60_000;

beforeAll(async () => {
  await startCluster({ nodes: 2 });
}, 30 * 60_000);

afterAll(async () => {
  await startCluster({ nodes: 2 });
}, limitMs);

/** Returns the namespaces of one kind that the processes of this machine are in. */
function listNamespaces(kind: string): Set<string> {
  const links = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => join('/proc', pid, 'ns', kind));
  return new Set(links.flatMap((link) => readNamespace(link)));
}

function readNamespace(link: string): string[] {
  try {
    return [readlinkSync(link)];
  } catch {
    return [];
  }
}

describe('cluster:down', () => {
  test(
    'leaves no process, mount, interface, namespace or cgroup',
    async () => {
      const record = await readClusterRecord();
      const node = (await getClusterState()).nodes[0];
      const namespaces = ['net', 'pid', 'mnt', 'cgroup'].map(
        (kind) => readNamespace(`/proc/${node.pid}/ns/${kind}`)[0],
      );
      await stopCluster();
      expect(record?.processes.filter(isRunning)).toEqual([]);
      expect(await listCgroupProcesses()).toEqual([]);
      expect(await listCgroups()).toEqual([]);
      expect(await listInterfaces()).toEqual([]);
      const left = ['net', 'pid', 'mnt', 'cgroup'].flatMap((kind) => [...listNamespaces(kind)]);
      expect(left.filter((namespace) => namespaces.includes(namespace))).toEqual([]);
      expect(readFileSync('/proc/mounts', 'utf8')).not.toMatch(/e2e\/\.cluster|containerd|kubelet/);
      expect(existsSync(recordFile)).toBe(false);
    },
    limitMs,
  );

  test(
    'is content when there is nothing',
    async () => {
      await stopCluster();
      await stopCluster();
      await expect(getClusterStatus()).resolves.toEqual({ state: 'absent', details: ['no cluster'] });
    },
    limitMs,
  );
});

describe('cluster:up', () => {
  test.each(['etcd', 'kube-apiserver', 'node-1'])(
    'cleans up after one that was killed when %s had begun',
    async (name) => {
      await stopCluster();
      const child = spawn(process.execPath, [join(import.meta.dirname, 'up.ts')], { stdio: 'ignore' });
      const ended = once(child, 'exit');
      const deadline = performance.now() + 60_000;
      while (!(await readClusterRecord())?.processes.some((component) => component.name === name)) {
        expect(performance.now()).toBeLessThan(deadline);
        await sleep(20);
      }
      child.kill('SIGKILL');
      await ended;
      const interrupted = await readClusterRecord();
      expect((await getClusterStatus()).state).toBe('broken');
      await expect(startCluster({ nodes: 2 })).resolves.toBe(true);
      expect(interrupted?.processes.filter(isRunning)).toEqual([]);
      expect((await getClusterStatus()).state).toBe('ready');
    },
    limitMs,
  );

  test(
    'makes a cluster anew whose API server has died',
    async () => {
      const api = (await readClusterRecord())?.processes.find(({ name }) => name === 'kube-apiserver');
      if (api === undefined) throw new Error('no kube-apiserver');
      process.kill(api.pid, 'SIGKILL');
      await expect(startCluster({ nodes: 2 })).resolves.toBe(true);
      expect((await getClusterStatus()).state).toBe('ready');
    },
    limitMs,
  );
});
