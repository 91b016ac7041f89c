import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { listCommandOptions } from '../../src/cli/command-line/command.ts';
import { sessionCommand } from '../../src/cli/commands/open/session-command.ts';
import { type CommandReference, describeCommands } from './command-reference.ts';
import { formatConfigSchema } from './config-schema.ts';
import { formatFlagsPage } from './flags-page.ts';
import { formatManualPage } from './manual-page.ts';

test('docs/flags.md is what the commands say of themselves (else: npm run docs)', async () => {
  const file = join(import.meta.dirname, '../flags.md');
  expect(readFileSync(file, 'utf8')).toBe(formatFlagsPage(await describeCommands()));
});

test('docs/config.schema.json is the schema that the file is read by (else: npm run docs)', () => {
  const file = join(import.meta.dirname, '../config.schema.json');
  expect(readFileSync(file, 'utf8')).toBe(formatConfigSchema());
});

test('the manual page has every flag of a session', async () => {
  const page = formatManualPage(await describeCommands()).replaceAll('\\-', '-');
  for (const { flag } of listCommandOptions(sessionCommand))
    expect(page).toMatch(new RegExp(`--${flag}( VALUE|\\\\fR)`));
});

test('text that roff would take for its own stays text', () => {
  const command: CommandReference = {
    name: 'a "b"',
    usage: 'a [b]',
    summary: ".first\n'second\n\\third",
    examples: [{ purpose: 'any', line: 'a -b' }],
    groups: [{ heading: 'Other', flags: [{ syntax: '-a, --all', describe: '.dot' }] }],
  };
  const page = formatManualPage([command]);
  expect(page).toContain('.SH "a \\(dqb\\(dq"\n.nf\n\\&.first\n\\&\'second\n\\ethird\n.fi\n');
  expect(page).toContain('.SS Examples\n.nf\n  # any\n  a \\-b\n.fi\n');
  expect(page).toContain('.TP\n\\fB\\-a, \\-\\-all\\fR\n\\&.dot\n');
});
