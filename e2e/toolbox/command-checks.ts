import type { ToolChecks } from './tool-check.ts';
import { python } from './tracing-checks.ts';

/** A recipe's check stands under its own name, with this before it. */
export const recipePrefix = 'recipe:';

/** The toolbox's own commands and recipes, on the target. */
export const commandChecks: ToolChecks = {
  // What is not there has a reason, after its name.
  'check-tools': {
    script: 'check-tools',
    shows:
      /^ok +\d+ tools are here\nok +ptrace of the target\n((ok {4}\S.*|no {4}\S.{25}\S.*\n {6} {26}instead: \S.*)\n)+\s*$/,
  },
  // A second one can't have the port: what says so is the container's own program, run in all of its namespaces.
  'container-shell': { script: 'container-shell "$SERVER"; true', shows: /cannot listen: Addr/ },
  'debug-in-ns': {
    script: 'debug-in-ns -m "$SERVER"; debug-in-ns ss -tln',
    shows: /cannot listen: Addr[^]*:808\d/,
  },
  'debug-process': {
    script: 'debug-process -batch -ex "info proc exe"',
    shows: /exe = '\/.*server'/,
  },
  'drop-privileges': { script: 'drop-privileges id -u', shows: /^2000000000$/m },
  // Text stays as it is; the exit code, the order of both outputs, and signals are the command's.
  'escape-text': {
    script: String.raw`escape-text printf 'text é\tü\n\033[1m\302\233\342\200\256\377\n'
escape-text sh -c 'echo one; echo two >&2; echo three; exit 7' 2>&1; echo code $?
escape-text sh -c 'kill -KILL $$'; echo code $?; escape-text no-such-program; echo code $?
escape-text yes | head -n 1; echo codes ${'$'}{PIPESTATUS[@]}
timeout --foreground --signal=INT 1 escape-text sh -c 'trap "echo told; exit 5" INT; sleep 20 & wait'
printf 'to the command' | escape-text cat`,
    shows:
      /^text é\tü\n\\x1b\[1m\\x9b\\u202e\\xff\none\ntwo\nthree\ncode 7\ncode 137\nescape-text: no-such-program: No such file or directory\ncode 127\ny\ncodes 141 0\ntold\nto the command\n/,
  },
  'gdb-attach': { script: 'gdb-attach -batch -ex "info files"', shows: /Symbols from "\/target\/.*server"/ },
  'list-files': { script: 'list-files "$(dirname $SERVER)"', shows: / server$/m },
  'list-processes': { script: 'list-processes', shows: /^(?![^]*list-processes)[^]*\/server/ },
  'net-debug': { script: 'net-debug localhost:8080', shows: /^ok +connect to localhost:8080/m },
  'network-capture': {
    script:
      'network-capture -c 2 "tcp port 8080 and tcp[tcpflags] & tcp-syn != 0" & pid=$!; until ! kill -0 $pid 2>/dev/null; do curl -s -m 1 telnet://127.0.0.1:8080 </dev/null; done; wait $pid',
    shows: /127\.0\.0\.1\.8080: Flags \[S\]/,
  },
  'network-status': { script: 'network-status', shows: /== listening[^]*:8080 .*"server"/ },
  recipe: { script: 'recipe', shows: /^flamegraph +/m },
  'strace-attach': {
    script: 'timeout --signal=INT 3 strace-attach; true',
    shows: /^(restart_syscall|poll)\(/m,
  },
  sysinfo: { script: 'sysinfo', shows: /^binary +\/.*server$/m },
  'target-path': {
    script: 'target-path "$(dirname "$SERVER")/../../../../$SERVER"',
    shows: /^\/target\/.*server$/m,
  },
  // e2e/catch-a-start.e2e.test.ts has it with a target that is held.
  thaw: { script: 'thaw 2>&1; echo code $?', shows: /^thaw: nothing is held here: .*--catch\ncode 1$/m },
  'trace-files': {
    // The server opens nothing: a program that does, beside it.
    script:
      '(while :; do cat /etc/hostname >/dev/null; done) & pid=$!; timeout --signal=INT 2 trace-files -p $pid; kill $pid',
    shows: /openat\(AT_FDCWD.*"\/etc\/hostname"/,
  },
  'trace-network': {
    script:
      'timeout --signal=INT 4 trace-network & sleep 1.5; curl -s -m 1 telnet://127.0.0.1:8080 </dev/null; wait; true',
    shows: /accept\(\d+<TCP:\[/,
  },
  'trace-process': {
    script: 'timeout --signal=INT 4 trace-process -c; true',
    shows: /^ *100\.00 .* total$/m,
  },

  'recipe:core': { script: 'recipe core >core && file core', shows: /ELF 64-bit LSB core file/ },
  'recipe:dns': {
    script: 'recipe dns localhost',
    shows: /^localhost is .*(127\.0\.0\.1|::1).* by \/etc\/hosts: no server is asked$/m,
  },
  'recipe:disk': {
    script: 'recipe disk',
    shows:
      /^MOUNTED ON +SIZE .*\n\/ +.*the container's root[^]*== biggest folders\n *[\d.]+ [KMG]iB +\/[^]*== deleted/m,
  },
  'recipe:env': {
    example: { problem: 'environment', typed: '--tool env' },
    script: 'env -i API_TOKEN=abc123 GREETING=hello sleep 20 & sleep 0.3; recipe env -p $!; kill $!',
    shows: /^API_TOKEN=<masked, 6 characters>\nGREETING=hello$/m,
  },
  'recipe:files': {
    script: 'recipe files -m 1',
    shows: /== open[^]*:8080 \(LISTEN\)[^]*== changed within 1 minutes/,
  },
  'recipe:flamegraph': {
    script: '(while :; do :; done) & recipe flamegraph -s 1 -p $! >graph.svg; kill $!; cat graph.svg',
    shows: /<svg [^]*data-name="execute_command/,
  },
  'recipe:gdb': { script: 'recipe gdb -batch -ex "info proc exe"', shows: /exe = '\/.*server'/ },
  'recipe:heap': { script: 'recipe heap', shows: /^Rss: +\d+ kB[^]*== largest mappings[^]*\n[0-9a-f]{8}/m },
  'recipe:heap-dump': {
    script: 'recipe heap-dump >dump; echo code $?; stat -c "%s bytes" dump',
    shows: /^heap-dump: process \d+ is neither a JVM nor Node\.js \(native\): [^\n]*\ncode 1\n0 bytes$/m,
  },
  'recipe:http': {
    example: { problem: 'loopback-port' },
    script: 'recipe http',
    shows: /http:\/\/127\.0\.0\.1:8080\/ +200 in [\d.]+ s, \d+ bytes$/m,
  },
  'recipe:lsof': { script: 'recipe lsof', shows: /server .*:8080 \(LISTEN\)/ },
  'recipe:ltrace': {
    // Not every target calls a library.
    script: `perl -e 'while (1) { getppid; select undef, undef, undef, 0.1 }' & pid=$!; sleep 0.5; timeout --signal=INT 3 recipe ltrace -p $pid; kill $pid`,
    shows: /getppid\(\)/,
  },
  'recipe:pmap': { script: 'recipe pmap', shows: /server/ },
  'recipe:py-spy': { script: `${python} recipe py-spy -p $pid; kill $pid`, shows: /wait_here/ },
  'recipe:limits': {
    script: 'recipe limits',
    shows: /^memory +.*[^]*^open files +\d+ +\d+ [^]*oom_score[^]*== what bites/m,
  },
  'recipe:signals': {
    script: 'recipe signals',
    shows: /^SIGTERM +15 +handled: the program decides$[^]*^SIGTERM, unless .*: handled/m,
  },
  'recipe:sockets': {
    script: 'recipe sockets',
    shows: /== TCP connections by state and peer[^]*:8080 .*"server"/,
  },
  'recipe:stacks': { script: 'recipe stacks', shows: /^Thread 1[^]*#0 /m },
  'recipe:strace': {
    script: 'timeout --signal=INT 3 recipe strace; true',
    shows: /^(restart_syscall|poll)\(/m,
  },
  'recipe:syscalls': {
    example: { problem: 'system-calls' },
    script: 'recipe syscalls -s 3',
    shows: /(poll|restart_syscall)[^]* total$/m,
  },
  'recipe:tcpdump': {
    script: '(sleep 1; ping -q -c 3 127.0.0.1 >/dev/null) & timeout 10 recipe tcpdump -c 1 icmp',
    shows: /127\.0\.0\.1 > 127\.0\.0\.1: ICMP echo request/,
  },
  'recipe:top': { script: 'recipe top -b -n 1', shows: /server/ },
};
