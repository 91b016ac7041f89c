/** What a recipe brings: to be read in the terminal, followed until it is ended, or kept as a file. */
export type OutputKind = 'text' | 'terminal' | 'stream' | 'svg' | 'core';

/** What a tool is most often wanted for, ready to run on the target. */
export interface Recipe {
  name: string;
  summary: string;
  /** In the toolbox; what follows `--` is appended. */
  command: string[];
  /** What the node or the target has to allow. */
  needs: string[];
  output: OutputKind;
}

const ptrace = 'ptrace';
const perfEvents = 'perf events, or ptrace';

/** Runs a tool on the target's process, which only the session knows. What it prints of the target is escaped. */
const onTarget = (command: string) => ['sh', '-c', `exec escape-text ${command} -p "$CRASHCART_TARGET_PID"`];

/** The recipes of the toolbox. Those that run `recipe` are scripts of it, usable in a session as well. */
export const recipes: Recipe[] = [
  {
    name: 'core',
    summary: 'core dump of the target, which goes on running',
    command: ['recipe', 'core'],
    needs: [ptrace, "as much free memory or disk as the target's private memory"],
    output: 'core',
  },
  {
    name: 'dns',
    summary: 'how the target resolves names, and what each server answers',
    command: ['recipe', 'dns'],
    needs: [],
    output: 'text',
  },
  {
    name: 'env',
    summary: 'environment of the target; what looks like a secret is masked',
    command: ['recipe', 'env'],
    needs: [],
    output: 'text',
  },
  {
    name: 'files',
    summary: 'open files, and those that were changed lately',
    command: ['recipe', 'files'],
    needs: [],
    output: 'text',
  },
  {
    name: 'flamegraph',
    summary: 'where CPU time goes, as an interactive SVG',
    command: ['recipe', 'flamegraph'],
    needs: [perfEvents],
    output: 'svg',
  },
  {
    name: 'gdb',
    summary: 'debugger, attached to the target',
    command: ['gdb-attach'],
    needs: [ptrace],
    output: 'terminal',
  },
  {
    name: 'heap',
    summary: "what its memory is made of: a JVM's classes, Python's threads, mappings",
    command: ['recipe', 'heap'],
    needs: [ptrace],
    output: 'text',
  },
  {
    name: 'http',
    summary: "who answers HTTP on the target's ports",
    command: ['recipe', 'http'],
    needs: [],
    output: 'text',
  },
  {
    name: 'limits',
    summary: 'limits, usage and pressure: memory, CPU, processes',
    command: ['recipe', 'limits'],
    needs: ["the target's /sys/fs/cgroup"],
    output: 'text',
  },
  {
    name: 'lsof',
    summary: 'open files of the target',
    command: onTarget('lsof -nPlw'),
    needs: [],
    output: 'text',
  },
  {
    name: 'ltrace',
    summary: 'library calls of the target, until Ctrl-C',
    command: onTarget('ltrace -f'),
    needs: [ptrace],
    output: 'stream',
  },
  {
    name: 'sockets',
    summary: 'listening and connected sockets, with their queues and state',
    command: ['recipe', 'sockets'],
    needs: [],
    output: 'text',
  },
  {
    name: 'stacks',
    summary: 'backtraces of all threads',
    command: ['recipe', 'stacks'],
    needs: [ptrace],
    output: 'text',
  },
  {
    name: 'strace',
    summary: 'system calls of the target, until Ctrl-C',
    command: ['strace-attach'],
    needs: [ptrace],
    output: 'stream',
  },
  {
    name: 'syscalls',
    summary: 'count and duration of system calls, for 10 seconds',
    command: ['recipe', 'syscalls'],
    needs: [ptrace],
    output: 'text',
  },
  {
    name: 'tcpdump',
    summary: 'packets on all interfaces, until Ctrl-C',
    command: ['network-capture'],
    needs: [],
    output: 'stream',
  },
  {
    name: 'top',
    summary: 'processes by load',
    command: ['top'],
    needs: [],
    output: 'terminal',
  },
];
