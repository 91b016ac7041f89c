import type { ToolChecks } from './tool-check.ts';

/** A Python process of the toolbox, to look into, as $pid. */
export const python = `python3 -c 'import time
def wait_here(): time.sleep(60)
wait_here()' & pid=$!; until grep -q sleep /proc/$pid/wchan 2>/dev/null || [ "$(awk '/^voluntary/{print $2}' /proc/$pid/status)" -gt 3 ]; do sleep 0.2; done; sleep 0.3;`;

/** Follow the target, or look into its program, which has debug information. */
export const tracingChecks: ToolChecks = {
  bpftrace: {
    // Not by kernel probes: not every kernel has them.
    script: `(while :; do :; done) & pid=$!; bpftrace -e 'profile:hz:99 { @[comm] = count(); } interval:s:1 { exit(); }'; kill $pid`,
    shows: /@\[bash\]: \d+/,
  },
  'eu-readelf': { script: 'eu-readelf -h "/target$SERVER"', shows: /Type: +(DYN|EXEC)/ },
  'eu-stack': { script: `${python} eu-stack -p $pid; kill $pid`, shows: /#\d+ .* (select|clock_nanosleep)/ },
  gdb: {
    script: 'gdb -p $CRASHCART_TARGET_PID -batch -ex "tbreak poll" -ex continue -ex backtrace',
    shows: /#0 .*poll[^]*#1 .*main \(\) at .*server\.c:\d+/,
  },
  gcore: {
    script: 'gcore -o core $CRASHCART_TARGET_PID && file core.*',
    shows: /ELF 64-bit LSB core file.*\/server/,
  },
  jattach: {
    // What a JVM answers with, at the socket where it is asked.
    script: `python3 -c 'import os, socket
listener = socket.socket(socket.AF_UNIX); listener.bind(f"/tmp/.java_pid{os.getpid()}"); listener.listen()
open("/tmp/jvm", "w").write(str(os.getpid()))
peer, _ = listener.accept(); peer.recv(100); peer.sendall(b"0\\nanswer of a JVM\\n")' &
until [ -s /tmp/jvm ]; do sleep 0.1; done; jattach $(cat /tmp/jvm) jcmd VM.version`,
    shows: /answer of a JVM/,
  },
  ltrace: { script: 'ltrace -e puts+getenv+setlocale /usr/bin/env true', shows: /setlocale\(/ },
  nm: { script: 'nm "/target$SERVER"', shows: / [Tt] main$/m },
  objdump: { script: 'objdump -d --disassemble=main "/target$SERVER"', shows: /<main>:/ },
  perf: {
    script: `(while :; do :; done) & pid=$!
perf record -q -F 99 -g -o perf.data -p $pid -- sleep 1; kill $pid; perf script --no-inline -i perf.data | grep -c cpu-clock`,
    shows: /^[1-9]\d*$/m,
  },
  'py-spy': { script: `${python} py-spy dump --pid $pid; kill $pid`, shows: /wait_here/ },
  readelf: { script: 'readelf -sW "/target$SERVER"', shows: /FUNC +GLOBAL .* main$/m },
  strace: {
    script: 'timeout --signal=INT 3 strace -p $CRASHCART_TARGET_PID; true',
    shows: /^(restart_syscall|poll)\(/m,
  },
  strings: { script: 'strings "/target$SERVER"', shows: /cannot listen/ },
};
