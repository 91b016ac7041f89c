import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recordChecks } from './cookbook/recorded-example.ts';
import { runCrashcart } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
} from './harness/test-namespace.ts';
import {
  type CheckResult,
  formatCheckScript,
  parseCheckOutput,
  type ToolChecks,
} from './toolbox/tool-check.ts';

const namespace = 'choose-a-process';

/** Perl that becomes a process of this name. */
const become = (name: string, code: string) => `exec {q(/usr/bin/perl)} q(${name}), q(-e), q(${code})`;
/** One that uses CPU, and one that holds memory: each asks for a file of its name, and has one open. */
const busy = become('busy', 'open F, qq{>/tmp/busy-file}; 1 while ! -e qq{/busy-looks-here}');
const large = become(
  'large',
  'open F, qq{>/tmp/large-file}; $x = q{x} x 60000000; select undef, undef, undef, 0.2 while ! -e qq{/large-looks-here}',
);
/** What is PID 1, and waits for both of them. */
const wrappers = {
  // A copy, as its executable is what it is known by.
  tini: `cp /usr/bin/perl /tmp/tini && exec /tmp/tini -e '(fork or ${busy}), (fork or ${large}); 1 while wait != -1'`,
  sh: `perl -e '${busy}' & perl -e '${large}' & wait`,
};

const describeContainer = ([name, script]: [string, string]) => ({
  name,
  image: 'crashcart.test/debian:1',
  command: ['sh', '-c', script],
  resources: { limits: { cpu: '300m', memory: '256Mi' } },
});
const describePod = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: Object.entries(wrappers).map((entry) => describeContainer(entry)),
    ...spec,
  },
});

beforeAll(async () => {
  await createTestNamespace(namespace);
  await createObjects([describePod('apart', {}), describePod('shared', { shareProcessNamespace: true })]);
  await expectSuccess(['wait', '--for=condition=Ready', 'pod', '--all', '-n', namespace, '--timeout=60s']);
}, 120_000);
afterAll(() => deleteTestNamespace(namespace), 120_000);

const run = async (args: string[]) => {
  const { code, stdout, stderr } = await runCrashcart([args[0] ?? '', '-n', namespace, ...args.slice(1)]);
  return { code, stdout: stdout.toString(), stderr };
};

/** What a recipe says of its choice. */
const told = (wrapper: string, rest: string) => String.raw`PID 1 is ${wrapper}; ${rest}`;
const checkChoices = (wrapper: string): ToolChecks => ({
  'a flame graph is of the busiest': {
    script: 'recipe flamegraph -s 1 >cpu.svg; grep -o "perl (process [0-9]*)" cpu.svg | head -n 1',
    shows: new RegExp(
      told(
        wrapper,
        String.raw`(\d+) busy .* \d+ % CPU: taken; --pid \d+ for another\n[^]*perl \(process \1\)`,
      ),
    ),
  },
  'the heap is of the largest': {
    script: 'recipe heap',
    shows: new RegExp(
      told(wrapper, String.raw`\d+ large .* \d+ MiB: taken; --pid \d+ for another\n[^]*^Rss: +\d{5,} kB`),
      'm',
    ),
  },
  'stacks are of one that works': {
    script: 'recipe stacks; debug-process -batch -ex "info proc exe"',
    shows: new RegExp(
      told(
        wrapper,
        String.raw`\d+ (busy|large) .*: taken; --pid \d+ for another\n[^]*^#0 [^]*exe = '/.*perl`,
      ),
      'm',
    ),
  },
  'strace follows all of them': {
    script:
      'timeout --signal=INT 3 recipe strace -e trace=%file 2>&1 | grep -oE "3 processes: taken|/(busy|large)-looks-here" | sort -u',
    shows: /^\/busy-looks-here\n\/large-looks-here\n3 processes: taken$/m,
  },
  'strace -c counts on all of them': {
    script: 'timeout --signal=INT 3 recipe strace -c; true',
    shows: /^ *100\.00 .* total$/m,
  },
  'open files are of all of them': {
    script: 'recipe lsof | grep -o "[a-z]*-file$" | sort -u; recipe files | grep -c "[a-z]*-file$"',
    shows: /^busy-file\nlarge-file$/m,
  },
  'a name chooses, wherever it stands': {
    script: 'recipe lsof -Fn -p large | grep -o "[a-z]*-file$" | sort -u',
    shows: /^large-file\n*$/,
  },
  'so does an ID': {
    script: 'recipe env -p $(pgrep -f "^busy -e" | head -n 1); recipe pmap -p busy | head -n 1',
    shows: /^KUBERNETES_[^]*^\d+: +busy -e/m,
  },
  'what is passed over can be named': {
    script: `recipe lsof -p ${wrapper} | grep -c "[a-z]*-file$"; recipe gdb -p ${wrapper} -batch -ex bt`,
    shows: /^0\n[^]*^#0 /m,
  },
  'the first process of a server is passed over': {
    // In the session's own place of a target: the server is that process, and what it has started.
    script: `perl -e 'for (1, 2) { fork or exec {q(/usr/bin/perl)} q(nginx: worker process), q(-e), q(sleep 60) }
exec {q(/usr/bin/perl)} q(nginx: master process), q(-e), q(sleep 60)' & pid=$!; sleep 1
CRASHCART_TARGET_PID=$pid recipe lsof -d cwd -Fp; kill $(pgrep -P $pid) $pid`,
    shows:
      /^PID \d+ is nginx: master process; 3 processes: taken; --pid (\d+) for nginx: worker process alone\n[^]*^p\1$/m,
  },
  'one that is not there is refused, and who is there is told': {
    script: 'recipe stacks -p nosuch; recipe lsof -p nosuch; true',
    shows: new RegExp(
      String.raw`^lsof: the container has no process called "nosuch"\. It has\n  1 .*\n  \d+ (busy|large) -e .*\n  \d+ (busy|large) -e`,
      'm',
    ),
  },
  'packets are of all interfaces, and shown at once': {
    script: '(sleep 1; ping -q -c 3 127.0.0.1 >/dev/null) & timeout 10 recipe tcpdump -c 1 icmp | cat',
    shows: / lo +In +IP 127\.0\.0\.1 > 127\.0\.0\.1: ICMP echo request/,
  },
  'packets are a file, when that is asked for': {
    example: {
      problem: 'packet-file',
      typed: '--tool tcpdump --output-file ping.pcap -- -w - -c 2 icmp',
      from: 'What tcpdump reads in ping.pcap',
    },
    script:
      '(sleep 1; ping -q -c 3 127.0.0.1 >/dev/null) & timeout 10 recipe tcpdump -w - -c 2 icmp >ping.pcap 2>/dev/null && tcpdump -nr ping.pcap 2>/dev/null',
    shows: / ICMP echo request[^]* ICMP echo re/,
  },
  'a thousand threads have a thousand stacks': {
    example: { problem: 'many-threads', typed: '--tool stacks' },
    script: `python3 -c 'import threading, time
def wait_for_work(): time.sleep(60)
for _ in range(1000): threading.Thread(target=wait_for_work, daemon=True).start()
open("ready", "w").close(); wait_for_work()' & until [ -e ready ]; do sleep 0.1; done
recipe stacks -p $!; kill $!`,
    shows: /wait_for_work/,
  },
});

const names = Object.keys(wrappers);
let results: Map<string, Map<string, CheckResult>>;

/** All checks in one container, one after the other, in one session. */
async function runChecks(wrapper: string): Promise<[string, Map<string, CheckResult>]> {
  const [target, checks] = [['apart', '-c', wrapper, '-n', namespace], checkChoices(wrapper)];
  const { stdout, stderr } = await runCrashcart([...target, '-i', '--', 'bash', '-s'], {
    input: formatCheckScript(checks),
    timeoutMs: 180_000,
  });
  const found = parseCheckOutput(stdout.toString());
  if (found.size === 0) throw new Error(`no check ran: ${stderr}`);
  await recordChecks(target, checks, found);
  return [wrapper, found];
}

beforeAll(async () => {
  results = new Map(await Promise.all(names.map((wrapper) => runChecks(wrapper))));
}, 180_000);

describe.each(names)('behind %s', (wrapper) => {
  test.each(Object.entries(checkChoices(wrapper)))('%s', (name, { shows }) => {
    const result = results.get(wrapper)?.get(name);
    expect(result).toEqual({ output: expect.stringMatching(shows), code: expect.any(Number) });
  });
});

describe('--pid', () => {
  test('chooses for a recipe by name, and by ID', async () => {
    const byName = await run(['apart', '-c', 'sh', '--pid', 'large', '--tool', 'lsof', '--', '-Fpn']);
    expect(byName).toMatchObject({ code: 0, stderr: '' });
    expect(byName.stdout).toMatch(/large-file$/m);
    expect(byName.stdout).not.toMatch(/busy-file$/m);
    const [, pid = ''] = /^p(\d+)$/m.exec(byName.stdout) ?? [];
    expect((await run(['apart', '-c', 'sh', '--pid', pid, '--tool', 'lsof', '--', '-Fpn'])).stdout).toBe(
      byName.stdout,
    );
  });

  test('of no process in the container is refused, with those that there are', async () => {
    const { code, stdout, stderr } = await run(['apart', '-c', 'tini', '--pid', '4711', '--tool', 'pmap']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^pmap: the container has no process 4711\. It has\n {2}1 tini -e .*\n {2}\d+ busy -e/,
    );
  });
});

test('a recipe with arguments is still the recipe', async () => {
  const { code, stdout, stderr } = await run([
    'apart',
    '-c',
    'tini',
    '--tool',
    'gdb',
    '--',
    '-batch',
    '-ex',
    'bt',
  ]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^#0 /m) });
  expect(stderr).toMatch(/^PID 1 is tini; \d+ (busy|large) -e .*: taken; --pid \d+ for another$/m);
});

test('with shared processes, only those of the container count', async () => {
  const { code, stdout, stderr } = await run(['shared', '-c', 'sh', '--tool', 'lsof', '--', '-Fp']);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(/^PID \d+ is sh; 3 processes: taken; /),
  });
  expect(stdout.match(/^p\d+$/gm)).toHaveLength(3);
});
