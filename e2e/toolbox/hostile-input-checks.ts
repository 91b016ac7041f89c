import type { ToolChecks } from './tool-check.ts';

const readRights = 'grep -hE "^(Uid|CapEff|NoNewPrivs):" /proc/$pid/status | tr "\\t" " "';
const unprivileged = '2000000000';
/** CAP_WAKE_ALARM, which is useless here; the other two are CAP_NET_ADMIN and CAP_NET_RAW. */
const capabilities = { none: '0000000800000000', capture: '0000000800003000' };
const rights = (capability: string) =>
  `Uid: ${unprivileged} ${unprivileged} ${unprivileged} ${unprivileged}\\nCapEff: ${capability}\\nNoNewPrivs: 1`;

/** A program whose section asks gdb to run Python and gdb's own commands. */
const scriptedProgram = `echo 'open("owned", "w"); print("OWNED")' >script.py
printf '\\001script.py\\0\\004inline\\nimport os\\nopen("owned", "w")\\nprint("OWNED")\\n\\0' >section
cp /bin/sleep program; objcopy --add-section .debug_gdb_scripts=section program; ./program 60 & pid=$!; sleep 0.3;`;
const nothingOwned = 'test ! -e owned && echo nothing owned';
const onProcess = 'CRASHCART_TARGET_PID=$pid CRASHCART_TARGET_ROOT=/proc/$pid/root';

/** Copies of a file with bytes changed, always the same ones: mutant-0, mutant-1 … */
const mutate = (file: string, count: number) => `python3 - "${file}" ${count} <<'END'
import random, sys
original = open(sys.argv[1], "rb").read()
for number in range(int(sys.argv[2])):
    chance = random.Random(number)
    mutant = bytearray(original)
    for _ in range(200):
        mutant[chance.randrange(4 if number % 3 else 16, len(mutant))] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
    open(f"mutant-{number}", "wb").write(mutant)
END
chmod 755 . mutant-*;`;
/** How many runs over such copies ended by themselves; a tool that crashes has harmed nobody. */
const tryEach = (command: string) =>
  `for mutant in mutant-*; do timeout --kill-after=1 5 ${command} >/dev/null 2>&1; [ $? -lt 124 ] || [ $? -gt 137 ] && echo ended; done | sort | uniq -c; ${nothingOwned}`;

/** Packets of DNS over UDP, most of them with bytes changed, as a capture. */
const craftedCapture = `python3 - <<'END'
import random, struct
chance = random.Random(12)
query = b"\\x12\\x34\\x01\\0\\0\\x01\\0\\0\\0\\0\\0\\0\\x07cluster\\x05local\\0\\0\\x01\\0\\x01"
with open("crafted.pcap", "wb") as file:
    file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    for number in range(3000):
        port = chance.choice([53, 80, 88, 161, 389, 443, 445, 514, 1812, 5060])
        udp = struct.pack(">HHHH", 40000, port, 8 + len(query), 0) + query
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0, bytes(4), bytes(4))
        packet = bytearray(bytes(12) + b"\\x08\\0" + ip + udp)
        for _ in range(chance.randrange(8)):
            packet[chance.randrange(23, len(packet))] = chance.randrange(256)
        file.write(struct.pack("<IIII", number, 0, len(packet), chance.choice([len(packet), 0xFFFFFFFF])) + packet)
END
chmod 600 crafted.pcap;`;

/** Looks like a JVM to whoever lists what it maps; it answers nothing, or without an end. */
export const fakeJVM = `cat >jvm.py <<'END'
import mmap, os, signal, socket, sys, threading, time
open("libjvm.so", "wb").write(bytes(4096))
library = open("libjvm.so")
kept = mmap.mmap(library.fileno(), 4096, prot=mmap.PROT_READ)
signal.signal(signal.SIGQUIT, signal.SIG_IGN)
if "answers" in sys.argv:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"/tmp/.java_pid{os.getpid()}")
    listener.listen()
    def answer(peer):
        peer.recv(100)
        try:
            peer.sendall(b"0\\n")
            while True: peer.sendall(b"endless\\x1b]0;OWNED\\x07\\n" * 1000)
        except OSError: pass
    def serve():
        while True: threading.Thread(target=answer, args=listener.accept()[:1], daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()
time.sleep(60)
END
cp $(readlink -f /usr/bin/python3) java; export PYTHONHOME=/usr;`;

/** A program that runs code of no file: perf looks for its names in /tmp/perf-PID.map. */
const generatedCode = `cat >program.py <<'END'
import ctypes, mmap, platform
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(b"\\xeb\\xfe" if platform.machine() == "x86_64" else b"\\0\\0\\0\\x14")
ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
END
`;
const start = 'python3 program.py & pid=$!; sleep 0.7';
const flameGraph =
  'timeout 20 recipe flamegraph --native -s 1 -g fp -p $pid >out.svg; echo code $?; kill -9 $pid; wait $pid 2>/dev/null; rm -f /tmp/perf-*.map';

/** What a target could have prepared for programs that parse its files and memory. */
export const hostileInputChecks: ToolChecks = {
  'tshark reads a capture without the rights of root': {
    script: `mkfifo capture; sleep 5 >capture & tshark -n -r - <capture >/dev/null 2>&1 & pid=$!; sleep 1.5; ${readRights}; kill $pid`,
    shows: new RegExp(rights(capabilities.none)),
  },
  'tshark captures with the rights to capture alone, and what captures gives them up': {
    script: `tshark -n -i lo >/dev/null 2>&1 & pid=$!; sleep 2.5; ${readRights}; pid=$(pgrep -x dumpcap | tail -n 1); ${readRights}; kill %1`,
    shows: new RegExp(`${rights(capabilities.capture)}\\n${rights('0000000000000000')}`),
  },
  'tcpdump prints packets with the rights to capture alone': {
    script: `tcpdump -n -i lo >/dev/null 2>&1 & pid=$!; until pgrep -x tcpdump; do sleep 0.1; done >/dev/null; sleep 1; ${readRights}; kill $pid`,
    shows: new RegExp(rights(capabilities.capture)),
  },
  'tcpdump that opens its files itself keeps no rights, and can neither get any nor type': {
    script: `tcpdump -n -i lo -F /dev/null >/dev/null 2>&1 & pid=$!; until pgrep -x tcpdump; do sleep 0.1; done >/dev/null; sleep 1
grep -hE "^(CapEff|NoNewPrivs|Seccomp):" /proc/$pid/status | tr "\\t" " "; kill $pid`,
    shows: /^CapEff: 0{16}\nNoNewPrivs: 1\nSeccomp: 2$/m,
  },
  'tcpdump reads and writes files of root': {
    script: `${craftedCapture} tcpdump -nr crafted.pcap -c 5 -w written.pcap; tcpdump -n -r written.pcap 2>/dev/null | wc -l; timeout 10 tcpdump -vvv -nr crafted.pcap >/dev/null; test $? -lt 124 && echo ended`,
    shows: /^[1-5]\n[^]*^ended$/m,
  },
  'tshark reads and writes files of root': {
    script: `${craftedCapture} tshark -n -r crafted.pcap -c 5 -w written.pcapng; tshark -nr written.pcapng -T fields -e frame.number | wc -l; ls -l written.pcapng | cut -c 1-10`,
    shows: /^5\n-rw-------$/m,
  },
  'tshark dissects crafted packets': {
    script: `${craftedCapture} timeout 20 tshark -n -V -r crafted.pcap >out 2>err; echo code $?; grep -c '^Frame ' out`,
    shows: /^code [0-2]\n\d+$/m,
  },
  'tshark waits for no FIFO': {
    script: 'mkfifo capture; timeout 10 tshark -r capture >/dev/null 2>&1; test $? -ne 124 && echo ended',
    shows: /^ended$/m,
  },
  'what runs without privileges reaches neither the node nor the target nor the session': {
    script: `for attempt in 'cat /etc/shadow' 'ls /target/' 'kill -0 1' ': >>/proc/sys/kernel/core_pattern' 'mknod null c 1 3' 'mount -t tmpfs none /mnt' 'cat /proc/1/environ' 'strace -p 1' 'chroot / true'; do
drop-privileges sh -c "$attempt" >/dev/null 2>&1 && echo "allowed: $attempt"; done; echo tried`,
    shows: /^tried$/m,
  },
  'gdb runs no script of a section': {
    script: `${scriptedProgram} ${onProcess} debug-process -batch -ex "info auto-load"; gdb -batch -ex "info auto-load" program; kill $pid; ${nothingOwned}`,
    shows: /^(?![^]*OWNED)[^]*No auto-load scripts[^]*nothing owned$/m,
  },
  'the section would be obeyed by a gdb without these settings': {
    script: `${scriptedProgram} kill $pid; gdb -nx -iex "set auto-load safe-path /" -batch program; test -e owned && echo it works`,
    shows: /it works/,
  },
  'gdb runs no script beside a core dump': {
    script: `${scriptedProgram} gcore -o core $pid >/dev/null 2>&1; kill $pid
echo 'shell touch owned' | tee .gdbinit program-gdb.gdb >/dev/null; cp script.py program-gdb.py
gdb -batch -ex bt program core.$pid | grep -q '^#0' && echo read; ${nothingOwned}`,
    shows: /^read\nnothing owned$/m,
  },
  'no server is asked for debug information': {
    script: 'gdb -batch -ex "show debuginfod enabled"; bash -lc "env" | grep -c DEBUGINFOD_URLS; true',
    shows: /set to "off"\.\n0$/m,
  },
  'gdb reads crafted programs without the rights of root': {
    script: `${mutate('/target$SERVER', 8)} ${tryEach('drop-privileges gdb -batch -ex "info functions main" -ex "list main" -ex "info types" $mutant')}`,
    shows: /^ *8 ended\nnothing owned$/m,
  },
  'gdb reads crafted core dumps without the rights of root': {
    script: `${scriptedProgram} gcore -o core $pid >/dev/null 2>&1; kill $pid; ${mutate('core.$pid', 6)} ${tryEach('drop-privileges gdb -batch -ex bt -ex "info proc mappings" /bin/sleep $mutant')}`,
    shows: /^ *6 ended\nnothing owned$/m,
  },
  'other readers of programs end, too': {
    script: `${mutate('/target$SERVER', 8)} ${tryEach('drop-privileges sh -c "readelf -aw $mutant; eu-readelf -a $mutant; objdump -dS $mutant; nm $mutant"')}`,
    shows: /^ *8 ended\nnothing owned$/m,
  },
  'what is not Python, but is called so, is told': {
    script: `cp /bin/sleep python3.11; ./python3.11 60 & pid=$!; sleep 0.3; ${onProcess} recipe stacks; echo code $?; kill $pid`,
    shows: /^stacks: [^]*[Pp]ython[^]*^code 1$/m,
  },
  'names in a Python program are escaped': {
    script: `cat >program.py <<'END'
import time
names = {"time": time}
exec(compile("def f(n): f(n - 1) if n else time.sleep(60)\\nf(900)", "file\\x1b]0;OWNED\\x07", "exec"), names)
END
python3 program.py & pid=$!; sleep 1; ${onProcess} recipe stacks >out 2>&1; echo code $?; kill $pid; grep -c "OWNED" out; LC_ALL=C grep -a -c -P '\\x1b' out; true`,
    shows: /^code 0\n[1-9]\d*\n0$/m,
  },
  'a file that jattach would write to is not followed': {
    script: `${fakeJVM} ./java jvm.py & pid=$!; sleep 0.5; echo kept >victim
for kind in 'ln -s victim .attach_pid' 'mkfifo .attach_pid' 'ln -s victim /tmp/.java_pid' 'mkfifo /tmp/.java_pid'; do
rm -f .attach_pid* /tmp/.java_pid*; $kind$pid; ${onProcess} timeout 10 recipe heap >/dev/null; echo code $?; done; rm -f /tmp/.java_pid*; kill $pid; cat victim`,
    shows: /^(heap: the target[^\n]*\ncode 1\n){4}kept$/m,
  },
  'an answer without an end is not waited for, and told': {
    script: `${fakeJVM} ./java jvm.py answers & pid=$!; sleep 0.5; ${onProcess} timeout 20 recipe heap >out 2>&1; echo code $?; kill $pid; rm -f /tmp/.java_pid*
grep MiB out; LC_ALL=C grep -a -c -P '\\x1b' out; true`,
    shows: /^code 1\nheap: the answer has more than 32 MiB, and is not shown\n0$/m,
  },
  'perf waits for no FIFO in place of a map': {
    script: `${generatedCode} ${start}; mkfifo /tmp/perf-$pid.map; ${flameGraph}; test -e /root/.debug || echo nothing copied`,
    shows: /^code 0\nnothing copied$/m,
  },
  'a flame graph reads the program without the rights of root': {
    script: `cat >/tmp/readelf <<'END'
#!/bin/sh
id -u >/tmp/readelf-user
exec /usr/bin/readelf "$@"
END
chmod 755 /tmp/readelf; touch /tmp/readelf-user; chmod 666 /tmp/readelf-user
(while :; do :; done) & pid=$!; PATH=/tmp:$PATH recipe flamegraph -s 1 -p $pid >/dev/null; kill $pid; cat /tmp/readelf-user`,
    shows: new RegExp(`^${unprivileged}$`, 'm'),
  },
};
