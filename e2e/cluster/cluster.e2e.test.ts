import { readFileSync, statSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { deployTargets } from '../targets/deploy.ts';
import { getClusterState, type ClusterState } from './cluster-state.ts';
import { getClusterStatus } from './cluster-status.ts';
import { runCommand } from '../../images/machine/run-command.ts';
import { startCluster } from './start-cluster.ts';

let cluster: ClusterState;

beforeAll(async () => {
  await startCluster({ nodes: 2 });
  cluster = await getClusterState();
  await deployTargets();
}, 30 * 60_000);

function runKubectl(...args: string[]): Promise<string> {
  return runCommand(cluster.kubectl, ['--kubeconfig', cluster.kubeconfig, ...args]);
}

describe('a cluster that is up', () => {
  test('has two nodes that are Ready', async () => {
    const { state, details } = await getClusterStatus();
    expect({ state, nodes: details.slice(1) }).toEqual({
      state: 'ready',
      nodes: [expect.stringMatching(/^node-1 .* Ready$/), expect.stringMatching(/^node-2 .* Ready$/)],
    });
  });

  test('is left as it is by a second start, which knows in less than two seconds', async () => {
    const started = performance.now();
    await expect(startCluster({ nodes: 2 })).resolves.toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
    expect((await getClusterState()).nodes).toEqual(cluster.nodes);
  });

  test('has a kubeconfig that only its owner can read and that refers to no other file', () => {
    expect(statSync(cluster.kubeconfig).mode & 0o777).toBe(0o600);
    expect(readFileSync(cluster.kubeconfig, 'utf8')).not.toMatch(
      /"(certificate-authority|client-certificate|client-key)":/,
    );
  });
});

describe('a pod', () => {
  const inMusl = ['exec', '-n', 'targets', 'musl', '--', 'busybox'];

  test('resolves the names of the tests, and no others', async () => {
    await expect(runKubectl(...inMusl, 'nslookup', 'answer.crashcart.test')).resolves.toContain('192.0.2.53');
    const unknown = 'busybox nslookup nowhere.crashcart.test; true';
    await expect(runKubectl(...inMusl, 'sh', '-c', unknown)).resolves.toContain('NXDOMAIN');
  });

  test('reaches pods on every node', async () => {
    const names = ['distroless', 'debian-nonroot', 'volumes', 'userns', 'host-pid'];
    const address = 'jsonpath={range .items[*]}{.spec.nodeName} {.status.podIP}{"\\n"}{end}';
    const selected = ['get', 'pods', '-n', 'targets', '-l', `app in (${names.join(',')})`, '-o', address];
    const pods = (await runKubectl(...selected)).trim().split('\n');
    expect(new Set(pods.map((line) => line.split(' ')[0]))).toEqual(new Set(['node-1', 'node-2']));
    for (const ip of pods.map((line) => line.split(' ')[1] ?? '')) {
      await expect(runKubectl(...inMusl, 'wget', '-q', '-O', '-', `http://${ip}:8080/`)).resolves.toBe(
        'hello\n',
      );
    }
  });

  test('with hostUsers: false has user IDs of its own', async () => {
    const map = await runKubectl(
      'exec',
      '-n',
      'targets',
      'userns',
      '--',
      'busybox',
      'cat',
      '/proc/self/uid_map',
    );
    expect(map.trim().split(/\s+/)).toEqual(['0', expect.not.stringMatching(/^0$/), '65536']);
  });

  test('of the runtime class crun is run by crun', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'runtime-crun', namespace: 'targets' },
      spec: {
        runtimeClassName: 'crun',
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'server', image: 'crashcart.test/musl:1' }],
      },
    };
    const flags = ['--kubeconfig', cluster.kubeconfig];
    await runCommand(cluster.kubectl, [...flags, 'apply', '-f', '-'], { input: JSON.stringify(pod) });
    try {
      await runKubectl('wait', '-n', 'targets', '--for=condition=Ready', 'pod/runtime-crun', '--timeout=30s');
      const exec = ['exec', '-n', 'targets', 'runtime-crun', '--', 'busybox', 'hostname'];
      await expect(runKubectl(...exec)).resolves.toBe('runtime-crun\n');
    } finally {
      await runKubectl('delete', 'pod', '-n', 'targets', 'runtime-crun', '--now');
    }
  });
});
