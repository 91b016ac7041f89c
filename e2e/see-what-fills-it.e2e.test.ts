import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { recordChecks } from './cookbook/recorded-example.ts';
import { runCrashcart } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';
import {
  type CheckResult,
  formatCheckScript,
  parseCheckOutput,
  type ToolCheck,
} from './toolbox/tool-check.ts';

const namespace = 'see-what-fills-it';
const target = ['full', '-n', namespace, '--agent-namespace', namespace];
const limitMs = 4 * 60_000;
const readSource = (name: string) => readFile(join(import.meta.dirname, 'toolbox', name), 'utf8');

/** What is typed, and what the answer has to hold; all in one session, in this order. */
const situations: Record<string, ToolCheck & { code?: number }> = {
  'df of a full volume tells its size': {
    script: 'df -h /target/data',
    shows:
      /^Filesystem +Size +Used +Avail +Use% +Mounted on\n\S+ +64\.0MiB +60\.0MiB +4\.0MiB +94% +\/target\/data\n/,
  },
  'df of several paths takes the usual options, and fails for one that is not there': {
    script: 'df -kT /target /target/data /target/none',
    code: 1,
    shows: /Type +1K-blocks[^]*overlay[^]*tmpfs +65536 +\d+ +\d+ +\d+% +\/target\/data\n[^]*/,
  },
  'df of anything else is df': { script: 'df --output=target /tmp', shows: /^Mounted on\n\/\n/ },
  'findmnt of a path below /target shows the mount that the path is on': {
    script:
      'findmnt -no FSTYPE,TARGET -T /target/data/logs; findmnt -no FSTYPE -N $CRASHCART_TARGET_PID /data',
    shows: /^tmpfs +\/data\ntmpfs\n/,
  },
  'du and lsof take paths of the target': {
    script: 'du -sm /target/data; lsof -nPlw +L1 | grep -o "/data/old.log (deleted)"',
    shows: /^30\t\/target\/data\n\/data\/old\.log \(deleted\)\n/,
  },
  'disk tells what is full, what fills it, and the deleted file that is still open': {
    example: { problem: 'disk-full' },
    script: 'recipe disk',
    shows:
      /^\/data +64\.0 MiB +60\.0 MiB +4\.0 MiB +94% .*tmpfs$[^]*^\/data is 94 % full: 4\.0 MiB are free$[^]*== biggest folders[^]*^30\.0 MiB +\/data\/logs$[^]*^== limits of the pod: the kubelet evicts it when one is exceeded\nWHAT +USED +LIMIT +USE\nemptyDir spool at \/spool +[\d.]+ (?:B|KiB) +100 MiB +0%\nemptyDir data at \/data +60\.0 MiB +64\.0 MiB +93%\noutside of volumes, .* +\? +1\.0 GiB +-$[^]*^30\.0 MiB are taken by files without a name.*\n *SIZE +PID +FD +COMMAND +FORMER NAME\n30\.0 MiB +1 +\d+ +perl +\/data\/old\.log$/m,
  },
  'limits says in units what bites': {
    example: { problem: ['throttled', 'open-files'] },
    script: 'recipe limits',
    shows:
      /^memory +[\d.]+ MiB +256 MiB +\d+ %$[^]*^CPU +200m[^]*^open files +5\d +60 +\d\d %$[^]*== what bites\n[^]*^throttled in \d+ % of periods \(\d+ s in all\): limit 200m\n[^]*^open files 5\d of 60 in process 1: /m,
  },
  'limits says none where there is none': {
    script: 'recipe limits | grep -c 9223372036854771712; recipe limits | grep "^address space"',
    shows: /^0\naddress space +none\n/,
  },
  'sockets counts by state and peer first, and names the leak': {
    example: { problem: 'close-wait' },
    script: 'recipe sockets',
    shows:
      /^== TCP connections by state and peer\nCOUNT +STATE +PEER\n +25 +CLOSE-WAIT +127\.0\.0\.1 to own port 8080\n[^]*^25 CLOSE-WAIT, 127\.0\.0\.1 to own port 8080: .* leaks connections\n/m,
  },
  'sockets says nothing of what the node does not have': {
    script: 'recipe sockets 2>&1 >/dev/null | grep -c cgroup2',
    code: 1,
    shows: /^0\n/,
  },
  'processes that have ended, and that nobody waits for, are listed as such': {
    example: { problem: 'zombies' },
    script: 'ps -o pid,ppid,stat,comm --ppid 1',
    shows: /^( *\d+ +1 Z +perl\n){3}/m,
  },
  'signals tells what SIGTERM does': {
    script: 'recipe signals',
    shows:
      /^SIGHUP +1 +ignored$[^]*^SIGUSR1 +10 +nothing: there is no handler[^]*^SIGTERM +15 +handled: the program decides$/m,
  },
  'signals tells of a first process without a handler that it is killed in the end': {
    script:
      'unshare --pid --fork sleep 20 2>/dev/null & until pid=$(pgrep -x -P $! sleep); do sleep 0.1; done; recipe signals -p $pid; kill -9 $pid; wait; true',
    shows:
      /^SIGTERM +15 +nothing: there is no handler.*[^]*^The process goes on until terminationGracePeriodSeconds is over\./m,
  },
  'http asks for the paths of probes, each port once, and shows why one fails': {
    example: { problem: 'readiness' },
    script: 'recipe http 18081/ready 18081/',
    shows:
      /^http:\/\/127\.0\.0\.1:18081\/ready +503 in .*\n {4}the db is off\nhttp:\/\/127\.0\.0\.1:18081\/ +200 in .*\n$/m,
  },
  'http fails when nobody listens': {
    script: 'unshare --net recipe http',
    code: 1,
    shows: /^nothing listens on a TCP port\n/,
  },
  'dns shows each query, and what ndots costs': {
    example: { problem: 'dns' },
    script: 'recipe dns found.shop',
    shows:
      /^QUERY +TYPE +SERVER +STATUS +MS +ANSWER\nfound\.shop\.a\.svc\.test\. +A +127\.0\.0\.1 +NXDOMAIN +\d+\n.*AAAA.*\nfound\.shop\.b\.test\. +A +127\.0\.0\.1 +NXDOMAIN +\d+\n.*\nfound\.shop\. +A +127\.0\.0\.1 +NOERROR +\d+ +192\.0\.2\.53\nfound\.shop\. +AAAA +127\.0\.0\.1 +NOERROR, empty +\d+\nfound\.shop resolves to 192\.0\.2\.53\nndots:5 costs 4 queries without an address/m,
  },
  'dns tells the statuses apart, and fails': {
    script:
      'for name in none servfail refused empty; do recipe dns $name.shop. | grep -v ==; echo "code ${PIPESTATUS[0]}"; done',
    shows:
      /^none\.shop\. does not resolve: NXDOMAIN\ncode 1$[^]*^servfail\.shop\. does not resolve: SERVFAIL\ncode 1$[^]*^refused\.shop\. does not resolve: REFUSED\ncode 1$[^]*^empty\.shop\. does not resolve: NOERROR, empty\ncode 1$/m,
  },
  'dns tells of a server that is silent': {
    script: 'recipe dns silent.shop.',
    code: 1,
    shows:
      /^silent\.shop\. +A +127\.0\.0\.1 +timeout +\d{4}\n[^]*server 127\.0\.0\.1 does not answer: a look-up waits 1 s/m,
  },
  'net-debug takes a URL, and verifies the certificate': {
    example: { problem: 'upstream' },
    script: 'net-debug https://localhost:14441/health',
    shows:
      /^ok +TLS with localhost:14441 .*\nok +certificate +for localhost, until 2049-01-01 .*\nok +GET \/health +200 in /m,
  },
  'net-debug fails for a certificate that has expired': {
    example: { problem: 'certificate' },
    script: 'net-debug https://localhost:14442/health',
    code: 1,
    shows: /^FAIL +certificate +expired \d{3,4} days ago, on 2024-02-01 /m,
  },
  'net-debug fails for a certificate that is not valid yet, or has another name': {
    script:
      'for port in 14443 14444; do net-debug localhost:$port | grep FAIL; echo "code ${PIPESTATUS[0]}"; done',
    shows:
      /^FAIL +certificate +is valid only in \d+ days, .*\ncode 1\nFAIL +certificate +is not for localhost, but for payments\.shop\.svc .*\ncode 1\n/,
  },
  'net-debug fails for a certificate of an unknown issuer': {
    script: 'net-debug localhost:14445',
    code: 1,
    shows:
      /^FAIL +certificate +is not trusted: self-signed certificate .*\n- +certificate +verified by the toolbox/m,
  },
  'net-debug says of a port without TLS that it was not checked': {
    script: 'net-debug localhost:18081; net-debug https://localhost:18081',
    code: 1,
    shows:
      /^- +TLS with localhost:18081 +the port does not answer by TLS\n[^]*^FAIL +TLS with localhost:18081 +the port answers, and not by TLS\n/m,
  },
  'no recipe about a process succeeds for one that has ended, and that its parent has not taken note of': {
    script: `perl -e 'fork or exit; sleep 60' & until zombie=$(pgrep -r Z -P $!); do sleep 0.1; done
for name in core disk env files flamegraph gdb heap heap-dump limits lsof ltrace pmap py-spy signals stacks strace syscalls; do
CRASHCART_TARGET_PID=$zombie timeout 20 recipe $name >out 2>&1 && echo "$name succeeds"; grep -q 'has ended$' out || cat out
done; kill $!; echo tried`,
    shows: /^tried\n*$/,
  },
  'a flame graph of a process that ends meanwhile says so, and fails': {
    // It ends after its first sample: gdb has attached, and has detached again.
    script: `(while :; do :; done) & busy=$!; is_traced() { grep -q 'TracerPid:.[1-9]' /proc/$busy/status; }
(until is_traced; do sleep 0.02; done; while is_traced; do sleep 0.02; done; kill -9 $busy) &
recipe flamegraph --without-perf -s 20 -p $busy >out.svg; echo "code $?"; grep -c "</svg>" out.svg`,
    shows: /^flamegraph: process \d+ ended before 20 s were over: [^]*^code 1\n1$/m,
  },
  'syscalls fails where there are none, or the process ends before; env where there is no variable': {
    script: `env -i perl -e '1 while 1' & busy=$!; sleep 0.3; recipe syscalls -s 1 -p $busy; echo "code $?"; recipe env -p $busy; echo "code $?"
(sleep 1.5; kill -9 $busy) & recipe syscalls -s 4 -p $busy; echo "code $?"`,
    shows:
      /^syscalls: no system call ended within 1 s: [^\n]*\ncode 1\nenv: [^\n]* without any variable[^\n]*\ncode 1\n[^]*syscalls: the processes ended before 4 s were over\n[^]*code 1\n*$/m,
  },
};

let results: Map<string, CheckResult>;

beforeAll(async () => {
  await createTestNamespace(namespace, privilegedLabels);
  const source = await readSource('full-target.pl');
  await createObjects([
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'source', namespace },
      data: { 'full-target.pl': source },
    },
    {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'full', namespace } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'app',
            image: 'crashcart.test/debian:1',
            command: ['sh', '-c', 'ulimit -n 60; exec perl /source/full-target.pl'],
            securityContext: { runAsUser: 0, runAsNonRoot: false },
            resources: { limits: { cpu: '200m', memory: '256Mi', 'ephemeral-storage': '1Gi' } },
            volumeMounts: [
              { name: 'spool', mountPath: '/spool' },
              { name: 'data', mountPath: '/data' },
              { name: 'source', mountPath: '/source' },
            ],
          },
        ],
        volumes: [
          { name: 'data', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
          { name: 'spool', emptyDir: { sizeLimit: '100Mi' } },
          { name: 'source', configMap: { name: 'source' } },
        ],
      },
    },
  ]);
  await expectSuccess(['wait', '--for=condition=Ready', 'pod/full', '-n', namespace, '--timeout=60s']);
  const servers = await readSource('faulty-servers.py');
  const start = `
until grep -q -s 60 /proc/1/limits && [ "$(ss -tnH state close-wait | wc -l)" = 25 ]; do sleep 0.2; done
cat >/tmp/faulty-servers.py <<'END OF SERVERS'
${servers}
END OF SERVERS
python3 /tmp/faulty-servers.py >/tmp/faulty-ready 2>/tmp/faulty-log & servers=$!
until [ -s /tmp/faulty-ready ]; do kill -0 $servers || { cat /tmp/faulty-log >&2; exit 1; }; sleep 0.2; done
`;
  const { stdout, stderr } = await runCrashcart([...target, '-q', '-i', '--', 'bash', '-s'], {
    input: `${start}${formatCheckScript(situations)}kill $servers\n`,
    timeoutMs: limitMs,
  });
  results = parseCheckOutput(stdout.toString());
  if (results.size === 0) throw new Error(`nothing ran: ${stderr}`);
  await recordChecks(target, situations, results);
}, limitMs);

afterAll(() => deleteTestNamespace(namespace), 60_000);

test.each(Object.entries(situations))('%s', (name, { code = 0, shows }) => {
  expect(results.get(name)).toEqual({ output: expect.stringMatching(shows), code });
});
