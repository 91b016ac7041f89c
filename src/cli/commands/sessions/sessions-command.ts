import { describeSilence, type FoundSession, listSessions } from '../../../cluster/session/list-sessions.ts';
import { describeTarget } from '../../../session-api/session-spec.ts';
import { formatAge } from '../../../terminal/age.ts';
import { formatTable } from '../../../terminal/table.ts';
import { agentAccessOptions, openApi } from '../../options/access-options.ts';
import { defineCommand } from '../../command-line/command.ts';
import { formatValue, outputFormatOption } from '../../options/output-format.ts';
import { runUntilInterrupted } from '../../process/lifetime.ts';

const maxCommandCharacters = 40;

/** Lists the sessions of all agents. */
export const sessionsCommand = defineCommand({
  name: 'sessions',
  usage: 'kubectl crashcart sessions [-o json|yaml|wide|name]',
  summary: [
    'List the sessions on all nodes: attached and detached ones, and those that ended',
    'in the last 10 minutes.',
    'Exit code: 0 if all agents have answered, else 125.',
  ].join('\n'),
  examples: [
    { purpose: 'All sessions', line: 'kubectl crashcart sessions' },
    { purpose: 'With whole IDs, reasons and agents', line: 'kubectl crashcart sessions -o wide' },
    { purpose: 'End all of them', line: 'kubectl crashcart sessions -o name | xargs kubectl crashcart stop' },
  ],
  options: { format: outputFormatOption, ...agentAccessOptions },
  run: (options, context) =>
    runUntilInterrupted(async (signal) => {
      const api = await openApi(options, context);
      const { sessions, silent } = await listSessions(api, options.agentNamespace, signal);
      const { format } = options;
      if (format === 'json' || format === 'yaml') {
        const items = sessions.map(({ pod, node, state }) => ({ ...state, node, agent: pod }));
        const unanswered = silent.map(({ pod, node, why }) => ({ agent: pod, node, why }));
        context.stdout.write(formatValue({ items, unanswered }, format));
      } else if (format === 'name') {
        for (const { state } of sessions) context.stdout.write(`${state.id}\n`);
      } else if (sessions.length > 0) context.stdout.write(formatSessions(sessions, format === 'wide'));
      else if (silent.length === 0) context.reporter.tell('No sessions found.');
      if (silent.length > 0) throw describeSilence(silent);
      return 0;
    }),
});

function formatSessions(sessions: FoundSession[], isWide: boolean): string {
  const columns: [heading: string, value: (session: FoundSession) => string][] = [
    ['ID', ({ state }) => (isWide ? state.id : state.id.slice(0, 8))],
    ['USER', ({ state }) => state.claimedUser ?? '?'],
    ['TARGET', ({ state }) => describeTarget(state.target)],
    ['NODE', ({ node }) => node],
    ['COMMAND', ({ state }) => describeCommand(state.command, isWide)],
    ['STATE', ({ state }) => describeState(state)],
    ['AGE', ({ state }) => formatAge(new Date(state.startedAt))],
    ['CLIENTS', ({ state }) => String(state.clients)],
  ];
  if (isWide) {
    columns.push(
      ['EXPIRES', ({ state }) => (state.expiresAt === null ? '-' : state.expiresAt.replace(/\.\d+Z/, 'Z'))],
      ['REASON', ({ state }) => state.reason ?? '-'],
      ['AGENT', ({ pod }) => pod],
    );
  }
  const rows = sessions.map((session) => columns.map(([, value]) => value(session)));
  return formatTable(
    columns.map(([heading]) => heading),
    rows,
  );
}

function describeCommand(command: string[] | null, isWide: boolean): string {
  const text = command?.join(' ') ?? '(shell)';
  return isWide || text.length <= maxCommandCharacters ? text : `${text.slice(0, maxCommandCharacters - 1)}…`;
}

function describeState({ end, holder }: FoundSession['state']): string {
  if (end === null) return holder === null ? 'Detached' : 'Attached';
  return end.reason === 'exited'
    ? `Exited(${end.exitCode})`
    : `${end.reason[0]?.toUpperCase()}${end.reason.slice(1)}`;
}
