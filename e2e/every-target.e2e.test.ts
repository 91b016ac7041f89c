import { beforeAll, describe, expect, test } from '@jest/globals';
import { getClusterState } from './cluster/cluster-state.ts';
import { runCrashcart } from './harness/command-run.ts';
import { getTargetPod, takeSnapshot, type TargetSnapshot } from './harness/target-snapshot.ts';

interface Target {
  namespace?: string;
  pod: string;
  container?: string;
  port?: number;
  isReadOnly?: boolean;
  /** Its namespaces are the node's, so the node's own programs are in them. */
  sharesNode?: 'network' | 'pid';
}

const targets: Target[] = [
  { pod: 'distroless' },
  { pod: 'musl' },
  { pod: 'debian-nonroot' },
  { namespace: 'restricted', pod: 'restricted', isReadOnly: true },
  { pod: 'userns' },
  { pod: 'shared-pid' },
  { pod: 'shared-pid', container: 'sidecar', port: 8081 },
  { pod: 'host-network', sharesNode: 'network' },
  { pod: 'host-pid', sharesNode: 'pid' },
  { pod: 'running-init', container: 'init' },
  { pod: 'static' },
  { pod: 'volumes' },
];

describe.each(targets)(
  '$pod $container',
  ({ namespace = 'targets', container, isReadOnly = false, ...target }) => {
    let pod: string;
    let containerName: string;
    let port: number;
    let before: TargetSnapshot;

    beforeAll(async () => {
      pod = target.pod;
      if (pod === 'static') pod = `static-${(await getClusterState()).nodes[0].name}`;
      const { spec } = await getTargetPod(namespace, pod);
      const [first] = spec['containers'] as {
        name: string;
        ports?: { containerPort: number }[];
        env?: { name: string; value: string }[];
      }[];
      containerName = container ?? first?.name ?? '';
      port = target.port ?? Number(first?.env?.find(({ name }) => name === 'PORT')?.value ?? 8080);
      before = await takeSnapshot(namespace, pod, containerName);
    });

    /** Runs a script of the toolbox's shell in the target. */
    async function runInside(script: string): Promise<string> {
      const result = await runCrashcart([
        pod,
        '-n',
        namespace,
        '-c',
        containerName,
        '-q',
        '--',
        'sh',
        '-c',
        script,
      ]);
      if (result.code !== 0)
        throw new Error(`exit code ${result.code}: ${result.stdout.toString()}${result.stderr}`);
      return result.stdout.toString();
    }

    test('shows the target’s processes', async () => {
      expect(await runInside('ps -o args= -p $CRASHCART_TARGET_PID')).toMatch(/server/);
    });

    test('has the target’s addresses and host name', async () => {
      const { status } = await getTargetPod(namespace, pod);
      expect(await runInside('ip -oneline address')).toContain(`inet ${status.podIP}/`);
      const { nodes } = await getClusterState();
      const hostname = (await runInside('hostname')).trim();
      if (target.sharesNode === 'network') expect(nodes.map(({ name }) => name)).toContain(hostname);
      else expect(hostname).toBe(pod);
    });

    test('traces system calls of the target', async () => {
      const calls = '(poll|nanosleep|restart_syscall|accept)';
      // The first call is seen at once: the one that the target waits in.
      const output = await runInside(
        `timeout 20 strace -p $CRASHCART_TARGET_PID 2>/tmp/calls &
       until grep -qE '${calls}' /tmp/calls || ! kill -0 $!; do sleep 0.1; done
       kill -INT $!; wait; cat /tmp/calls`,
      );
      expect(output).toMatch(new RegExp(calls));
    });

    test('attaches gdb to the target', async () => {
      expect(await runInside('gdb -p $CRASHCART_TARGET_PID -batch -ex "info registers rip" 2>&1')).toMatch(
        /rip +0x/,
      );
    });

    test('reads the target’s files', async () => {
      expect(await runInside('head -c 4 "/target$(readlink /proc/$CRASHCART_TARGET_PID/exe)"')).toBe(
        '\x7fELF',
      );
    });

    test(isReadOnly ? 'is told that the target’s root is read-only' : 'writes into the target', async () => {
      const outcome = await runInside(
        '{ echo written > /target/probe && cat /target/probe && rm /target/probe; } 2>&1; true',
      );
      if (isReadOnly) expect(outcome).toMatch(/Read-only file system/);
      else expect(outcome).toBe('written\n');
    });

    test('resolves names as the target does', async () => {
      if (target.sharesNode === 'network') {
        const resolved = await runInside(
          'cmp /etc/resolv.conf "/proc/$CRASHCART_TARGET_PID/root/etc/resolv.conf" && echo same',
        );
        expect(resolved).toBe('same\n');
        return;
      }
      const { status } = await getTargetPod(namespace, pod);
      expect(await runInside(`getent hosts ${pod}`)).toContain(status.podIP);
      expect(await runInside('getent hosts answer.crashcart.test')).toMatch(/^192\.0\.2\.53\s/);
    });

    test('captures real traffic', async () => {
      const output = await runInside(
        `timeout 20 tcpdump --immediate-mode -i lo -nn -c 3 tcp port ${port} >/tmp/packets 2>/tmp/log &
       until grep -q listening /tmp/log; do sleep 0.1; done
       curl -s -m 5 telnet://127.0.0.1:${port} </dev/null; wait; cat /tmp/packets`,
      );
      expect(output).toMatch(new RegExp(`127\\.0\\.0\\.1\\.${port}: Flags \\[S\\]`));
    });

    test('is left as it was', async () => {
      const after = await takeSnapshot(namespace, pod, containerName);
      expect(after.spec).toEqual(before.spec);
      expect(after.mounts).toBe(before.mounts);
      // The node's own programs come and go in its PID namespace; of ours there must be none.
      const added = after.processes.filter((process) => !before.processes.includes(process));
      if (target.sharesNode === 'pid')
        expect(
          added.filter((process) => /session-init|enter-target|gdb|strace|tcpdump/.test(process)),
        ).toEqual([]);
      else expect(added).toEqual([]);
    });
  },
);
