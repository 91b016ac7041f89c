import type { ExampleRecord, ExampleRecords } from './example-records.ts';
import { problemGroups, problems, type Problem } from './problems.ts';

/**
 * @returns the text of docs/cookbook.md.
 * @throws when a problem has neither a record nor a reason.
 */
export function formatCookbook(records: ExampleRecords): string {
  const groups = Object.entries(problemGroups).map(([title, group]) => {
    const entries = Object.entries<Problem>(group).filter(([, { unanswered }]) => unanswered === null);
    return [`## ${title}`, ...entries.map(([name, { symptom }]) => formatExample(symptom, records[name]))];
  });
  const open = problems.map(([, problem]) => problem).filter(({ unanswered }) => unanswered !== null);
  return `${[
    '# Cookbook',
    introduction(problems.length),
    ...groups.flat(),
    '## Not answered yet',
    open.map(({ symptom, unanswered }) => `- ${symptom}. ${unanswered}`).join('\n'),
  ].join('\n\n')}\n`;
}

const introduction = (count: number) =>
  `${count} problems, and the one command for each. Nothing here was typed by hand: the tests run these commands on
targets that have the problem, and \`npm run docs:cookbook\` writes this page from what came. Where a test runs a recipe
beside others in one session, the command is the one that runs the recipe alone. “…” stands for output that is left
out. What else there is: \`kubectl crashcart tools\`, and [tools and recipes](tools.md).`;

/** @throws when there is no record. */
function formatExample(symptom: string, record: ExampleRecord | undefined): string {
  if (record === undefined) throw new Error(`no run of a test shows an answer: ${symptom}`);
  const { command, from, output, code } = record;
  const rest = from === undefined ? '' : `${from}:`;
  const shown = output === '' ? '' : formatBlock(output);
  const end = code === 0 ? '' : `Exit code ${code}.`;
  return [`### ${symptom}`, formatBlock(command), rest, shown, end].filter(Boolean).join('\n\n');
}

/** A block of code, whatever the text is. */
function formatBlock(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}
