/**
 * Tools and recipes under which a program stands still: for the moment of a stop, for each of its system calls, or
 * until the user lets it go on.
 */
export const stoppingTools = [
  ...['core', 'debug-process', 'gcore', 'gdb', 'gdb-attach', 'heap-dump', 'ltrace', 'stacks', 'strace'],
  ...['strace-attach', 'syscalls', 'trace-files', 'trace-network', 'trace-process'],
];

/** Programs that attach to a process by its ID. */
const attachingTools = ['gdb', 'gdbserver', 'ltrace', 'perf', 'py-spy', 'strace'];

/**
 * Whether a command is to attach to a process that is there already: "strace -p 1", and not "strace ls".
 * @param command what stands after `--`; null for a shell.
 */
export function attachesToProcess(command: string[] | null): boolean {
  const [program = '', ...rest] = command ?? [];
  return (
    attachingTools.includes(program.replace(/^.*\//, '')) &&
    rest.some((argument) => /^(-p\d*|--pid(=.*)?|--attach(=.*)?)$/.test(argument))
  );
}

/**
 * Whether a session stops the target's program.
 * @param tool what `--tool` names; null without.
 * @param command what stands after `--`; null for a shell, of which nobody knows.
 */
export function stopsTarget(tool: string | null, command: string[] | null): boolean {
  const [program = '', argument = ''] = command ?? [];
  const name = tool ?? (program === 'recipe' ? argument : program.replace(/^.*\//, ''));
  return stoppingTools.includes(name);
}
