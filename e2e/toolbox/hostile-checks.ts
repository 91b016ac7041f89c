import type { ToolChecks } from './tool-check.ts';

/** What a target's program could leave in its files; run by busybox's sh, in the target. */
export const hostileFiles = `
set -e
for file in /.gdbinit /root/.gdbinit /usr/bin/.gdbinit /etc/gdb/gdbinit /usr/bin/server-gdb.gdb; do
  mkdir -p "$(dirname "$file")"; echo 'shell echo owned >/tmp/owned; echo OWNED' >"$file"
done
echo 'open("/tmp/owned", "w"); print("OWNED")' >/usr/bin/server-gdb.py
cp /usr/bin/server-gdb.py /lib/ld-musl-x86_64.so.1-gdb.py
# Modules of the toolbox's Python, where it would look for them.
for module in warnings site traceback linecache encodings/ascii; do
  mkdir -p "/usr/lib/python3.11/$(dirname "$module")"; cp /usr/bin/server-gdb.py "/usr/lib/python3.11/$module.py"
done
printf 'perf\\033]0;OWNED\\007:x:0:0::/:/bin/sh\\n' >/etc/passwd
mkdir -p /trap; cd /trap
ln -sfn /etc/shadow absolute; ln -sfn ../../../../../../../etc/shadow dots; ln -sfn /usr outside
[ -p fifo ] || mkfifo fifo
# The kernel's log: any device may be made, few may be opened.
[ -c kmsg ] || mknod kmsg c 1 11
: >"$(printf 'name\\033]0;OWNED\\007')"
sh -c 'sleep 4260; :' "$(printf 'argument\\033]0;OWNED\\007')" </dev/null >/dev/null 2>&1 &
LD_PRELOAD=/trap/preload.so VALUE="$(printf 'a\\033]0;OWNED\\007')" sleep 4261 </dev/null >/dev/null 2>&1 &
`;

const nothingOwned = 'test ! -e /tmp/owned && echo nothing owned';
/** Neither a terminal's control characters, but tab and newline, nor what the hostile files print. */
const harmless = '(?![^]*(OWNED\\n|[\\x00-\\x08\\x0b-\\x1f\\x7f]))';

/** What the toolbox then does, by what must not happen. */
export const hostileChecks: ToolChecks = {
  'gdb runs no script of the target': {
    script: `cd /target/root; gdb-attach -batch -ex "info auto-load"; ${nothingOwned}`,
    shows: new RegExp(`^${harmless}[^]*python-scripts: +No auto-load scripts[^]*nothing owned`),
  },
  'backtraces run no script of the target': {
    script: `recipe stacks; ${nothingOwned}`,
    shows: new RegExp(`^${harmless}[^]*#0 [^]*nothing owned`),
  },
  'running the container’s programs imports nothing of it': {
    script: `container-shell no-such-program; container-shell sh -c "echo from the container"; ${nothingOwned}`,
    shows: new RegExp(`^${harmless}[^]*No such file or directory\\n[^]*from the container\\nnothing owned`),
  },
  'the container’s programs open no device that it may not open': {
    script: 'container-shell head -c 1 /trap/kmsg; container-shell head -c 1 /dev/zero | od -An -tx1',
    shows: /kmsg: Operation not permitted[^]*00/,
  },
  'a link of the target leads nowhere outside': {
    script: 'target-path /trap/absolute; target-path /trap/dots; target-path /trap/outside /etc/passwd; true',
    shows:
      /absolute.*No such file or directory[^]*dots.*No such file or directory[^]*^(\/[^\n]*)\/usr\n\1\/etc\/passwd$/m,
  },
  'names of files are escaped': {
    script: 'list-files /trap; recipe files -m 5',
    shows: new RegExp(`^${harmless}[^]*name\\\\033]0;OWNED\\\\a\\n[^]*name\\\\x1b]0;OWNED\\\\x07`),
  },
  'arguments of processes are escaped': {
    script: 'list-processes; sysinfo',
    shows: new RegExp(`^${harmless}[^]*argument[^\\n]*OWNED`),
  },
  'values of the environment are escaped': {
    script: 'recipe env -p $(pgrep -f "sleep 4261" | head -n 1)',
    shows: new RegExp(`^${harmless}[^]*LD_PRELOAD=/trap/preload\\.so[^]*VALUE=a\\\\x1b]0;OWNED\\\\x07`),
  },
  'nothing waits for a FIFO': {
    script: 'recipe files -m 5 >/dev/null; list-files /trap/fifo',
    shows: /^prw/,
  },
};
