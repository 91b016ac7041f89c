/**
 * Tools and recipes under which a program stands still: for the moment of a stop, for each of its system calls, or
 * until the user lets it go on.
 */
export const stoppingTools = [
  ...['core', 'debug-process', 'gcore', 'gdb', 'gdb-attach', 'heap-dump', 'ltrace', 'stacks', 'strace'],
  ...['strace-attach', 'syscalls', 'trace-files', 'trace-network', 'trace-process'],
];

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
