import type { ExampleRecord, ExampleRecords } from './example-records.ts';
import { problemGroups, problemNames } from './problems.ts';

/**
 * @returns the text of docs/cookbook.md.
 * @throws when a problem has no record.
 */
export function formatCookbook(records: ExampleRecords): string {
  const groups = Object.entries(problemGroups).flatMap(([title, group]) => [
    `## ${title}`,
    ...Object.entries<string>(group).map(([name, symptom]) => formatExample(symptom, records[name])),
  ]);
  return `${['# Cookbook', introduction(problemNames.length), ...groups].join('\n\n')}\n`;
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
