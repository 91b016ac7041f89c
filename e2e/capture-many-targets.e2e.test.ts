import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getUserEnvironment, runCrashcart, startKubectl, waitUntil } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
} from './harness/test-namespace.ts';

const own = 'capture-many';
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capture-many-'));
}, 60_000);

afterAll(() => rm(directory, { recursive: true }), 60_000);

/** Starts a capture, and waits until all targets are captured. */
async function startCapture(...args: string[]) {
  const child = await startKubectl(['crashcart', 'capture', ...args]);
  const ended = once(child, 'close') as Promise<[number]>;
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const stdout = text(child.stdout);
  await waitUntil(`a capture begins: ${args.join(' ')}`, () =>
    child.exitCode === null
      ? Promise.resolve(stderr.includes('Ctrl-C ends the capture.'))
      : Promise.reject(new Error(stderr)),
  );
  const wait = async () => {
    const [code] = await ended;
    return { code, stderr, stdout: await stdout };
  };
  return {
    wait,
    interrupt: () => {
      child.kill('SIGINT');
      return wait();
    },
  };
}

/** Runs Wireshark's own programs on a file. */
async function readCapture(file: string, script: string): Promise<string> {
  const { code, stdout, stderr } = await runCrashcart(
    ['musl', '-n', 'targets', '-q', '-i', '--', 'sh', '-c', `cat >/tmp/it; ${script}`],
    { input: await readFile(file) },
  );
  if (code !== 0) throw new Error(stderr);
  return stdout.toString();
}

async function ping(from: string, ...addresses: string[]): Promise<void> {
  const script = addresses.map((address) => `ping -c 2 -i 0.2 -s 100 ${address}`).join('; ');
  const { code, stderr } = await runCrashcart([from, '-n', 'targets', '-q', '--', 'sh', '-c', script]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

async function findPod(name: string): Promise<{ address: string; node: string }> {
  const template = '{.status.podIP} {.spec.nodeName}';
  const [address = '', node = ''] = (
    await expectSuccess(['get', 'pod', name, '-n', 'targets', '-o', `jsonpath=${template}`])
  ).split(' ');
  return { address, node };
}

describe('a capture of several pods', () => {
  test('is one file in which Wireshark finds each packet, its pod and node, and names', async () => {
    const file = join(directory, 'pods.pcapng');
    const names = ['musl', 'distroless', 'debian-nonroot', 'userns', 'volumes'];
    const pods = await Promise.all(names.map(findPod));
    const capture = await startCapture(...names, '-n', 'targets', '-w', file, '--', 'icmp');
    // All but the last one: it is silent.
    await ping('musl', ...pods.slice(1, 4).map(({ address }) => address));
    const { code, stderr, stdout } = await capture.interrupt();
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const found = await readCapture(
      file,
      'capinfos -M /tmp/it; tshark -r /tmp/it -N n -T fields -Y icmp -e frame.interface_name -e ip.src_host -e ip.dst_host',
    );
    expect(found).toContain('Strict time order:   True');
    expect(found).toContain('Number of interfaces in file: 5');
    // Both nodes of the test have the clock of this machine.
    const clock = /Comment = clock of the node: as this machine's \(to \d+ ms\); times are the node's own\n/g;
    expect(found.match(clock)).toHaveLength(5);
    const count = (line: string) => found.split('\n').filter((each) => each === line).length;
    for (const [index, name] of names.entries()) {
      const target = `targets/${name}/server`;
      // The number itself is not: a bridge that has yet to learn an address sends a packet to each pod.
      expect(stderr).toMatch(new RegExp(`${target} on ${pods[index]?.node}: \\d+ packets?, 0 dropped\n`));
      expect(found).toMatch(new RegExp(`Name = ${target}\n.* pod ${name} .* on node ${pods[index]?.node}\n`));
      if (name === 'musl' || name === 'volumes') continue;
      for (const side of ['musl', name]) {
        expect([side, name, count(`targets/${side}/server\tmusl.targets.pod\t${name}.targets.pod`)]).toEqual([
          ...[side, name, 2],
        ]);
        expect(count(`targets/${side}/server\t${name}.targets.pod\tmusl.targets.pod`)).toBe(2);
      }
    }
  });

  test('is printed as lines with the pod before each packet, until there are enough', async () => {
    const capture = await startCapture(
      ...['-l', 'app in (musl, distroless)', '-n', 'targets', '--count', '6', '--', 'icmp'],
    );
    const [{ address }, { address: from }] = await Promise.all([findPod('distroless'), findPod('musl')]);
    await ping('musl', address);
    const { code, stdout } = await capture.wait();
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[0]).toMatch(
      new RegExp(
        String.raw`^\d\d:\d\d:\d\d\.\d{6} targets/musl/server eth0 +Out IP ${from} > ${address}: ICMP echo`,
      ),
    );
    expect(lines.filter((line) => line.includes(' targets/distroless/server ')).length).toBeGreaterThan(1);
  });

  test('goes on without a pod that is missing, and without one that ends; both are told, and the exit code is 125', async () => {
    await createTestNamespace(own);
    const pod = (name: string) => ({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: own } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'app', image: 'crashcart.test/musl:1' }],
      },
    });
    await createObjects([pod('stays'), pod('ends')]);
    await expectSuccess(['wait', '--for=condition=Ready', 'pod', '--all', '-n', own, '--timeout=30s']);
    const file = join(directory, 'ending.pcapng');
    const capture = await startCapture('stays', 'ends', 'missing', '-n', own, '-w', file);
    await expectSuccess(['delete', 'pod', 'ends', '-n', own, '--timeout=30s']);
    const { code, stderr } = await capture.interrupt();
    expect(code).toBe(125);
    expect(stderr).toContain('error: missing was not captured: pod "missing" was not found');
    expect(stderr).toMatch(new RegExp(`error: ${own}/ends/app was (not )?captured`));
    expect(stderr).not.toContain(`error: ${own}/stays`);
    expect(await readCapture(file, 'capinfos -M /tmp/it')).toContain(`Name = ${own}/stays/app`);
    await deleteTestNamespace(own);
  });
});

describe('what can not be captured', () => {
  test("is refused before anything begins: a filter by libpcap's own words, and a file that exists", async () => {
    const file = join(directory, 'refused.pcapng');
    const capture = ['capture', 'musl', 'distroless', '-n', 'targets', '-w', file];
    const refused = await runCrashcart([...capture, '--', 'port 80 or hots 10.0.0.1']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      'the filter "port 80 or hots 10.0.0.1" was refused in targets/distroless',
    );
    expect(refused.stderr).toContain('unknown ');
    const noInterface = await runCrashcart([...capture, '-i', 'eth7']);
    expect(noInterface.code).toBe(125);
    expect(noInterface.stderr).toContain('targets/musl/server was not captured: eth7: No such device exists');
    expect(await readdir(directory)).not.toContain('refused.pcapng');
  });

  test('is told when the disk is full: the exit code is 125, and what was written before stays', async () => {
    const file = join(directory, 'full.pcapng');
    // The limit of a file's size stands for a disk: 1 KiB is full after some packets.
    const child = spawn(
      'bash',
      ['-c', `ulimit -f 1; exec kubectl crashcart capture musl -n targets -w ${file}`],
      {
        env: await getUserEnvironment(),
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: 50_000,
      },
    );
    const ended = once(child, 'close') as Promise<[number]>;
    const said = text(child.stderr);
    const { address } = await findPod('distroless');
    await waitUntil('the capture ends', async () => {
      await ping('musl', address);
      return child.exitCode !== null;
    });
    expect((await ended)[0]).toBe(125);
    expect(await said).toContain(`error: ${file} can't be written: `);
    expect((await readFile(file)).length).toBeGreaterThan(0);
  });

  test('on a node is the capture itself: it does not feed on its own packets', async () => {
    const { stderr, code } = await runCrashcart([
      'capture',
      'host-network',
      '-n',
      'targets',
      '-w',
      '-',
      '--duration',
      '3s',
      '--',
      'tcp',
    ]);
    expect(code).toBe(0);
    expect(stderr).toContain("note: on a node's own network, TCP of the kubelet");
    const [, packets = ''] = /server on \S+: (\d+) packets?, 0 dropped/.exec(stderr) ?? [];
    // The other traffic of the node; a capture of itself grows to hundreds of thousands in this time.
    expect(Number(packets)).toBeLessThan(20_000);
  });
});
