import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { slowness } from '../limits/slowness.ts';
import { runCrashcart, runKubectl, startKubectl, waitUntil } from '../harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
  privilegedLabels,
} from '../harness/test-namespace.ts';

const namespace = 'fail-while-entering';
/** Its agent is of these tests alone: programs of it are replaced. */
const agents = 'fail-while-entering-agents';
const app = ['app', '-n', namespace, '-q', '--agent-namespace', agents];
let agent: string;

beforeAll(async () => {
  await createTestNamespace(namespace);
  await createTestNamespace(agents, privilegedLabels);
  await createObjects([describePod('app', {})]);
  await waitForTarget();
  expect(await runCrashcart([...app, '--', 'true'])).toMatchObject({ code: 0, stderr: '' });
  agent = (await expectSuccess(['get', 'pods', '-n', agents, '-o', 'name'])).trim();
}, 180_000);
afterAll(async () => {
  await deleteTestNamespace(namespace);
  await deleteTestNamespace(agents);
}, 120_000);

function describePod(name: string, spec: object) {
  const containers = [{ name: 'app', image: 'crashcart.test/musl:1' }];
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } },
    spec: { terminationGracePeriodSeconds: 1, containers, ...spec },
  };
}

const waitForTarget = (name = 'app') =>
  expectSuccess(['wait', '--for=condition=Ready', `pod/${name}`, '-n', namespace, '--timeout=60s']);
/** Runs a script in the agent's container. */
const doInAgent = (script: string) =>
  runKubectl(['exec', '-i', '-n', agents, agent, '--', 'sh', '-s'], { input: script });

/** Plays the agent: makes a session's folder, breaks something, and enters the node as the agent would. */
function writeEntering({
  breaks = '',
  toolbox = '/toolbox',
  user = 'root',
  workdir = '/',
  command = 'echo run',
  via = '',
}) {
  return `
    d=/run/crashcart/broken
    mkdir -p $d/scratch $d/layers/work $d/empty
    for name in dev mnt proc sys root tmp; do mkdir -p $d/layers/upper/$name; done
    : >$d/cgroup-procs; : >$d/environment
    target=/proc/1
    ${breaks}
    unshare --mount ${via} setsid /bin/sh /opt/crashcart/enter-target.sh $d 268435456 ${toolbox} container ${user} ${workdir} ${command} \\
      3<$target/ns/pid 4<$target/ns/net 5<$target/ns/ipc 6<$target/ns/uts 7>&2 2>/tmp/words
    code=$?
    tr '\\0' '@' </tmp/words
    rm -r $d /tmp/words
    exit $code`;
}

interface Fault {
  breaks?: string;
  toolbox?: string;
  user?: string;
  workdir?: string;
  via?: string;
}

/** Makes a system call fail. */
const inject = (fault: string) => `strace -f -o /dev/null -e inject=${fault}`;
/** A cgroup that has room for a few processes. */
const limitProcesses = (count: number) => `
  base=/sys/fs/cgroup/pids
  [ -d $base ] || base=$(dirname /sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup))
  mkdir -p $base/few && echo ${count} >$base/few/pids.max && echo $base/few/cgroup.procs >$d/cgroup-procs`;
const hide = (program: string) => `sh -c 'mount --bind /dev/null ${program} && exec "$@"' -`;

describe('a step of entering that fails is told by its name, and the command does not run:', () => {
  test.each<[string, Fault]>([
    ["join the session's cgroup", { breaks: 'echo /sys/fs/cgroup/no/such >$d/cgroup-procs' }],
    ["join the session's cgroup", { breaks: 'rm $d/cgroup-procs' }],
    ['mount the memory of the root', { breaks: 'rmdir $d/scratch' }],
    ['Cannot fork', { breaks: limitProcesses(1) }],
    ['fill the root', { breaks: 'rm -r $d/layers' }],
    ['mount the toolbox', { toolbox: '/no/such' }],
    ['mount the toolbox', { breaks: 'rmdir $d/layers/work' }],
    ['mount the devices', { breaks: 'rmdir $d/layers/upper/dev', toolbox: '$d/empty' }],
    ["enter the session's folder", { via: inject('chdir:error=EIO:when=1') }],
    ['enter-target: enter the namespaces', { via: hide('/toolbox/usr/bin/nsenter') }],
    [
      'nsenter: reassociate to namespace',
      {
        breaks:
          'mkdir -p /tmp/t/ns; for n in pid net ipc uts; do ln -sf /proc/1/ns/uts /tmp/t/ns/$n; done; target=/tmp/t',
      },
    ],
    [
      // The first process of the PID namespace is gone.
      'fork failed: Cannot allocate memory',
      {
        breaks: `
          unshare --pid --fork sh -c 'echo; exec sleep 60' >/tmp/begun & parent=$!
          until [ -s /tmp/begun ]; do sleep 0.05; done
          first=$(cat /proc/$parent/task/$parent/children | tr -d ' ')
          mkdir -p /tmp/gone/ns; exec 8</proc/$first/ns/pid 9</proc/1/ns/net
          kill -KILL $first; wait $parent
          ln -sf /proc/self/fd/8 /tmp/gone/ns/pid
          for n in net ipc uts; do ln -sf /proc/1/ns/$n /tmp/gone/ns/$n; done; target=/tmp/gone`,
      },
    ],
    ['exec /opt/crashcart/session-init failed', { via: hide('/opt/crashcart/session-init') }],
    ["session-init: read the command's variables: No such file", { breaks: 'rm $d/environment' }],
    ['session-init: mount proc: No such file', { breaks: 'rmdir $d/layers/upper/proc', toolbox: '$d/empty' }],
    ['session-init: mount sysfs: No such file', { breaks: 'rmdir $d/layers/upper/sys', toolbox: '$d/empty' }],
    ['session-init: pivot_root: No such file', { breaks: 'rmdir $d/layers/upper/mnt', toolbox: '$d/empty' }],
    [
      "session-init: umount the agent's root: Operation not permitted",
      { via: inject('umount2:error=EPERM') },
    ],
    ['session-init: cd /: Input/output error', { via: inject('chdir:error=EIO:when=2') }],
    ['session-init: become the parent of orphans: Invalid', { via: inject('prctl:error=EINVAL:when=2') }],
    ['session-init: open a pipe: Too many open files', { via: inject('pipe2:error=EMFILE') }],
    ['session-init: fork: Resource temporarily', { breaks: limitProcesses(2) }],
    ['session-init: /no/such: No such file', { workdir: '/no/such' }],
    [
      'session-init: change the groups: Operation not permitted',
      { user: '1:1:', via: inject('setgroups:error=EPERM') },
    ],
    ['session-init: change the user: Resource temp', { user: '1:1:', via: inject('setresuid:error=EAGAIN') }],
    [
      'session-init: give up the capabilities: Operation',
      { user: '1:1:', via: inject('capset:error=EPERM') },
    ],
  ])('%s', async (words, fault) => {
    const { code, stdout, stderr } = await doInAgent(writeEntering(fault));
    expect({ stdout: stdout.toString(), stderr }).toEqual({
      stdout: expect.stringMatching(words),
      stderr: expect.not.stringMatching(/run/),
    });
    expect(stdout.toString()).not.toMatch(/^run|@/m);
    expect(code).not.toBe(0);
  });

  test('and without a fault it does', async () => {
    const { code, stdout } = await doInAgent(writeEntering({}));
    expect({ code, stdout: stdout.toString() }).toEqual({
      code: 0,
      stdout: 'run\n@session-init: exit code 0\n',
    });
  });

  test.each([
    [127, 'no-such-command'],
    [126, '/etc/passwd'],
  ])('exit code %i is the command’s', async (code, command) => {
    const result = await doInAgent(writeEntering({ command }));
    expect({ code: result.code, stdout: result.stdout.toString() }).toEqual({
      code,
      stdout: `@session-init: exit code ${code}\n`,
    });
    expect(result.stderr).toContain(`crashcart: ${command}: `);
  });
});

describe('a session whose start fails', () => {
  test('is ours to tell: 125, with the step, and the agent goes on', async () => {
    await doInAgent('mount --bind /dev/null /opt/crashcart/session-init');
    try {
      const { code, stdout, stderr } = await runCrashcart([...app, '--', 'true']);
      expect({ code, stdout: stdout.toString() }).toEqual({ code: 125, stdout: '' });
      expect(stderr).toMatch(
        /^error: the target could not be entered: .*exec \/opt\/crashcart\/session-init failed: Permission denied/,
      );
      await expectNothingLeft();
    } finally {
      await doInAgent('umount /opt/crashcart/session-init');
    }
    expect((await runCrashcart([...app, '--', 'true'])).code).toBe(0);
  });

  test('for its folder is not the command’s, with a terminal or without', async () => {
    const { code, stderr } = await runCrashcart([...app, '--workdir', '/no/such', '--', 'true']);
    expect(code).toBe(125);
    expect(stderr).toBe(
      'error: the target could not be entered: session-init: /no/such: No such file or directory\n',
    );
    await expectNothingLeft();
  });
});

/** Makes entering take some seconds. @returns what puts an end to that. */
async function slowDown(seconds: number): Promise<() => Promise<unknown>> {
  const { code } = await doInAgent(`
    cp /opt/crashcart/session-init /run/crashcart/quick-init
    printf '#!/bin/sh\\nsleep ${seconds}\\nexec /run/crashcart/quick-init "$@"\\n' >/run/crashcart/slow-init
    chmod +x /run/crashcart/slow-init
    mount --bind /run/crashcart/slow-init /opt/crashcart/session-init`);
  expect(code).toBe(0);
  return () => doInAgent('umount /opt/crashcart/session-init');
}

const isEntering = async () => (await doInAgent('pgrep -f "sh /opt/crashcart/session-init"')).code === 0;

/** No process, folder or cgroup of a session. */
async function expectNothingLeft(): Promise<void> {
  const look = `ls /run/crashcart | grep -e '^[0-9a-f]*-'; ls -d /sys/fs/cgroup/*/sessions/crashcart-* /sys/fs/cgroup/sessions/crashcart-* 2>&- ; pgrep -af session-init; true`;
  let left = '';
  const isNothing = async () => (left = (await doInAgent(look)).stdout.toString()) === '';
  await waitUntil('nothing is left', isNothing, 5000).catch(() => undefined);
  expect(left).toBe('');
}

describe('while a target is entered slowly', () => {
  /** Longer than an exec takes, and shorter than the agent waits. */
  const delaySeconds = Math.min(3 * slowness, 10);
  let speedUp: () => Promise<unknown>;
  beforeAll(async () => (speedUp = await slowDown(delaySeconds)));
  afterAll(() => speedUp());

  test('the command is waited for', async () => {
    const { code, stdout } = await runCrashcart([...app, '--', 'echo', 'run']);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'run\n' });
  });

  /** Ends the container's first process while a session enters it. @returns how the client ended. */
  async function endWhileEntering(pod: string, flags: string[] = []) {
    const [, ...options] = app;
    const client = await startKubectl(['crashcart', pod, ...options, ...flags, '--', 'echo', 'run']);
    const output: Buffer[] = [];
    for (const stream of [client.stdout, client.stderr])
      stream.on('data', (chunk: Buffer) => output.push(chunk));
    const ended = new Promise<number | null>((resolve) => client.once('close', resolve));
    await waitUntil('the target is being entered', isEntering);
    await expectSuccess(['exec', '-n', namespace, pod, '--', 'busybox', 'kill', '-TERM', '1']);
    return { code: await ended, output: Buffer.concat(output).toString() };
  }

  test('a target that dies for good is told as one, and nothing is left', async () => {
    // On the same node, for its agent to be the same one.
    const nodeName = await expectSuccess([
      ...['get', 'pod', 'app', '-n', namespace, '-o', 'jsonpath={.spec.nodeName}'],
    ]);
    await createObjects([describePod('once', { nodeName, restartPolicy: 'Never' })]);
    await waitForTarget('once');
    const { code, output } = await endWhileEntering('once');
    expect(code).toBe(125);
    expect(output).toMatch(/^error: container "app" of pod "once" has (ended|completed)/);
    await expectNothingLeft();
  });

  test('a target that dies and is started again is entered then, and nothing is left of the first try', async () => {
    expect(await endWhileEntering('app', ['--wait'])).toEqual({ code: 0, output: 'run\n' });
    await expectNothingLeft();
    await waitForTarget();
  });
});
