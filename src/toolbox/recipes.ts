/** What a recipe brings: to be read in the terminal, followed until it is ended, or kept as a file. */
export type OutputKind = 'text' | 'terminal' | 'stream' | 'svg' | 'core' | 'hprof';

/** What a tool is most often wanted for, ready to run on the target. */
export interface Recipe {
  name: string;
  summary: string;
  /** In the toolbox; what follows `--` is appended. */
  command: string[];
  /** What may follow `--`, as its script's own help has it; absent for a recipe of the user's own. */
  takes?: string;
  /** What the node or the target has to allow. */
  needs: string[];
  output: OutputKind;
}

const ptrace = 'ptrace';
const perfEvents = 'perf events, or ptrace';

/** The recipes of the toolbox: scripts of it, usable in a session as well. */
export const recipes: Recipe[] = [
  {
    name: 'core',
    summary: 'core dump of the target, which goes on running',
    command: ['recipe', 'core'],
    takes: '[-p PID|NAME]',
    needs: [ptrace],
    output: 'core',
  },
  {
    name: 'disk',
    summary:
      'what fills its file systems: sizes, inodes, biggest folders, limits of volumes, deleted files that are open',
    command: ['recipe', 'disk'],
    takes: '[-p PID|NAME]',
    needs: [],
    output: 'text',
  },
  {
    name: 'dns',
    summary: 'how the target resolves names: each query, its status and time, and what ndots costs',
    command: ['recipe', 'dns'],
    takes: '[NAME…]',
    needs: [],
    output: 'text',
  },
  {
    name: 'env',
    summary: 'environment of the target; what looks like a secret is masked',
    command: ['recipe', 'env'],
    takes: '[--show-secrets] [-p PID|NAME]',
    needs: [],
    output: 'text',
  },
  {
    name: 'files',
    summary: 'open files, and those that were changed lately',
    command: ['recipe', 'files'],
    takes: '[-m MINUTES] [-p PID|NAME]',
    needs: [],
    output: 'text',
  },
  {
    name: 'flamegraph',
    summary: 'where CPU time goes, in the functions of its language, as an interactive SVG',
    command: ['recipe', 'flamegraph'],
    takes: '[-s SECONDS] [-g fp|dwarf] [-p PID|NAME] [--page-faults] [--native] [--without-perf] [--inspect]',
    needs: [perfEvents],
    output: 'svg',
  },
  {
    name: 'gdb',
    summary: 'debugger, attached to the target',
    command: ['recipe', 'gdb'],
    takes: '[-p PID|NAME] [ARGUMENT OF GDB…]',
    needs: [ptrace],
    output: 'terminal',
  },
  {
    name: 'heap',
    summary: "what holds its memory: a JVM's classes, Node.js's statistics; of others, what can be had",
    command: ['recipe', 'heap'],
    takes: '[-p PID|NAME] [--inspect]',
    needs: ['a JVM that may be asked; for Node.js, --inspect'],
    output: 'text',
  },
  {
    name: 'heap-dump',
    summary: 'all objects of a JVM, as an HPROF file, or of Node.js, as a heap snapshot',
    command: ['recipe', 'heap-dump'],
    takes: '[-p PID|NAME] [-d FOLDER] [--inspect] [--force]',
    needs: ['a JVM that may be asked, and room in its /tmp for its objects; for Node.js, --inspect'],
    output: 'hprof',
  },
  {
    name: 'http',
    summary: "who answers HTTP on the target's ports",
    command: ['recipe', 'http'],
    takes: '[PATH | PORT/PATH]…',
    needs: [],
    output: 'text',
  },
  {
    name: 'limits',
    summary: 'limits and usage of memory, CPU, processes and open files, and which limit bites',
    command: ['recipe', 'limits'],
    takes: '[-p PID|NAME]',
    needs: ["the target's /sys/fs/cgroup"],
    output: 'text',
  },
  {
    name: 'lsof',
    summary: 'open files of the target',
    command: ['recipe', 'lsof'],
    takes: '[-p PID|NAME] [ARGUMENT OF LSOF…]',
    needs: [],
    output: 'text',
  },
  {
    name: 'ltrace',
    summary: 'library calls of the target, until Ctrl-C',
    command: ['recipe', 'ltrace'],
    takes: '[-p PID|NAME] [ARGUMENT OF LTRACE…]',
    needs: [ptrace],
    output: 'stream',
  },
  {
    name: 'pmap',
    summary: 'memory map of the target',
    command: ['recipe', 'pmap'],
    takes: '[-p PID|NAME] [ARGUMENT OF PMAP…]',
    needs: [],
    output: 'text',
  },
  {
    name: 'py-spy',
    summary: 'stacks of a Python program',
    command: ['recipe', 'py-spy'],
    takes: '[-p PID|NAME] [dump|record|top] [ARGUMENT OF PY-SPY…]',
    needs: [ptrace],
    output: 'stream',
  },
  {
    name: 'signals',
    summary: 'which signals the target handles, ignores or blocks, and what SIGTERM would do',
    command: ['recipe', 'signals'],
    takes: '[-p PID|NAME]',
    needs: [],
    output: 'text',
  },
  {
    name: 'sockets',
    summary: 'sockets: counts by state and peer, then each with its queues and process',
    command: ['recipe', 'sockets'],
    takes: '',
    needs: [],
    output: 'text',
  },
  {
    name: 'stacks',
    summary: 'what its threads do, in the terms of its language: deadlocks, goroutines, Python, backtraces',
    command: ['recipe', 'stacks'],
    takes: '[-p PID|NAME] [--locals] [--native] [--inspect] [--to-log]',
    needs: [ptrace],
    output: 'text',
  },
  {
    name: 'strace',
    summary: 'system calls of the target, until Ctrl-C',
    command: ['recipe', 'strace'],
    takes: '[-p PID|NAME] [ARGUMENT OF STRACE…]',
    needs: [ptrace],
    output: 'stream',
  },
  {
    name: 'syscalls',
    summary: 'count and duration of system calls, for 10 seconds',
    command: ['recipe', 'syscalls'],
    takes: '[-s SECONDS] [-p PID|NAME] [ARGUMENT OF STRACE…]',
    needs: [ptrace],
    output: 'text',
  },
  {
    name: 'tcpdump',
    summary: 'packets on all interfaces, until Ctrl-C',
    command: ['recipe', 'tcpdump'],
    takes: '[-i INTERFACE] [-w FILE|-] [ARGUMENT OF TCPDUMP…] [FILTER]',
    needs: [],
    output: 'stream',
  },
  {
    name: 'top',
    summary: 'processes by load',
    command: ['recipe', 'top'],
    takes: '[ARGUMENT OF TOP…]',
    needs: [],
    output: 'terminal',
  },
];
