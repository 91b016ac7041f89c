import { formatExamples } from '../../src/cli/commands/help.ts';
import type { Option } from '../../src/cli/command-line/option.ts';
import { agentOptions } from '../../src/cli/options/agent/agent-options.ts';
import { settingVariables } from '../../src/config/effective-settings.ts';
import type { CommandReference } from './command-reference.ts';

const exitCodes = [
  ["the command's own", '128+n when a signal ended it, 126 or 127 when it could not be started'],
  ['125', 'a failure of this program, of the cluster or of the connection; stderr says which'],
  ['2', 'wrong usage'],
  ['1', 'a check of doctor has failed, or installed agents are not ready (status)'],
] as const;

const environment = [
  ['KUBECONFIG', 'kubeconfigs, as for kubectl'],
  ['CRASHCART_CONFIG', 'path of the configuration file'],
  ...Object.values(agentOptions).flatMap(({ setting, flag, type }: Option) => {
    const separator = type === 'list' ? '; several are separated by commas' : '';
    return setting === undefined
      ? []
      : [[settingVariables[setting], `value of --${flag} where the flag is not given${separator}`] as const];
  }),
] as const;

/** @returns the manual page kubectl-crashcart(1), in the macros man(7). */
export function formatManualPage(commands: CommandReference[]): string {
  const sections = commands.flatMap(({ name, summary, examples, groups }) => [
    `.SH ${quote(name)}`,
    ...formatLines(summary),
    '.SS Examples',
    ...formatLines(formatExamples(examples)),
    ...groups.flatMap(({ heading, flags }) => [
      `.SS ${quote(heading)}`,
      ...flags.flatMap(({ syntax, describe }) => formatItem(syntax, describe)),
    ]),
  ]);
  return [
    '.TH KUBECTL-CRASHCART 1',
    '.SH NAME',
    escapeText('kubectl-crashcart') + ' \\- debug a running container of a Kubernetes cluster',
    '.SH SYNOPSIS',
    ...formatLines(commands.map(({ usage }) => usage).join('\n')),
    ...sections,
    '.SH EXIT STATUS',
    ...exitCodes.flatMap(([code, meaning]) => formatItem(code, meaning)),
    '.SH ENVIRONMENT',
    ...environment.flatMap(([name, meaning]) => formatItem(name, meaning)),
    '',
  ].join('\n');
}

/** As they are: their indentation and their ends mean something. */
function formatLines(text: string): string[] {
  return ['.nf', ...text.split('\n').map(escapeText), '.fi'];
}

function formatItem(term: string, meaning: string): string[] {
  return ['.TP', `\\fB${escapeText(term)}\\fR`, escapeText(meaning)];
}

function quote(text: string): string {
  return `"${escapeText(text).replaceAll('"', '\\(dq')}"`;
}

/** Keeps what roff would take for its own: escapes, hyphens that one copies, requests at the start of a line. */
function escapeText(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/, '\\&');
}
