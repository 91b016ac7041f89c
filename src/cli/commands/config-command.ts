import * as z from 'zod';
import { Failure } from '../../failure/failure.ts';
import { readConfigFile } from '../../config/config-file.ts';
import type { EffectiveSetting } from '../../config/effective-settings.ts';
import { escapeText } from '../../failure/escape-text.ts';
import { formatTable } from '../../terminal/table.ts';
import { defineArgument, defineOptionalArgument } from '../command-line/argument.ts';
import { defineCommand } from '../command-line/command.ts';
import type { Option } from '../command-line/option.ts';
import { UsageError } from '../errors.ts';
import { agentOptions, agentPriorityOption, chooseImage } from '../options/agent/agent-options.ts';
import { connectionOptions } from '../options/connection-flags.ts';
import { isGiven } from '../options/option-rules.ts';
import { readOptions } from '../options/option-values.ts';
import { formatValue, reportFormatOption } from '../options/output-format.ts';
import { decideSettings, locateConfig } from '../options/settings.ts';

const whatSchema = z.enum(['view', 'path', 'validate']);
/** Shows the user's configuration. */
export const configCommand = defineCommand({
  name: 'config',
  usage: [
    'kubectl crashcart config view [--context NAME] [-o json|yaml]',
    'kubectl crashcart config path',
    'kubectl crashcart config validate [FILE]',
  ].join('\n'),
  summary: [
    'Show the configuration: each setting and what sets it, where the file is, and',
    'what is wrong in the file.',
    '',
    'A flag comes before an environment variable, then the settings of the file for',
    'the context, then those for all contexts.',
  ].join('\n'),
  examples: [
    {
      purpose: 'The settings of a context, and what sets each',
      line: 'kubectl crashcart config view --context production',
    },
    { purpose: 'Edit the file', line: '${EDITOR:-vi} "$(kubectl crashcart config path)"' },
    { purpose: 'What is wrong in the file, by line and column', line: 'kubectl crashcart config validate' },
  ],
  options: {
    kubeconfig: connectionOptions.kubeconfig,
    context: connectionOptions.context,
    format: reportFormatOption,
  },
  arguments: {
    what: defineArgument({ name: 'WHAT', schema: whatSchema, values: whatSchema.options }),
    file: defineOptionalArgument({ name: 'FILE', schema: z.string().min(1) }),
  },
  validate: ({ what, file }, sources) => {
    if (file !== null && what !== 'validate') throw new UsageError(`"${file}" is not expected here`);
    if (what !== 'view' && isGiven(reportFormatOption, sources))
      throw new UsageError('--output is for `config view`');
  },
  async run({ what, file, format, kubeconfig, context }, { stdout, reporter, env }) {
    const path = file ?? locateConfig(env);
    switch (what) {
      case 'path':
        stdout.write(`${escapeText(path)}\n`);
        return 0;
      case 'view':
        stdout.write(formatSettings(await listSettings({ kubeconfig, context }, env), format));
        return 0;
      case 'validate':
        if ((await readConfigFile(path)) === null) {
          if (file !== null) throw new Failure('configuration', `${file}: no such file`);
          reporter.tell(`There is no file ${path}: the defaults apply.`);
          return 0;
        }
        stdout.write(`${escapeText(path)} is valid.\n`);
        return 0;
    }
  },
});

const shownOptions = { ...agentOptions, priorityClass: agentPriorityOption };

interface ShownSetting extends EffectiveSetting {
  setting: string;
}

/** Lists the settings of a session, those that nothing sets too. */
async function listSettings(
  flags: Record<string, string | undefined>,
  env: NodeJS.ProcessEnv,
): Promise<ShownSetting[]> {
  const settings = await decideSettings({ flags }, Object.values(shownOptions), env);
  const { values, sources } = readOptions(shownOptions, { flags: {}, settings });
  const { patch } = values;
  const shown = { ...values, image: chooseImage(values), patch: patch && JSON.stringify(patch) };
  return Object.entries<Option>(shownOptions).flatMap(([name, option]) => {
    // The image that is shown is that of the mirror.
    const origin = name === 'image' && values.image === null ? agentOptions.mirror : option;
    const { setting } = option;
    if (setting === undefined) return [];
    const value = (shown[name as keyof typeof shown] ?? '') as string | string[];
    return [{ setting, value, source: sources.get(origin) ?? 'default' }];
  });
}

function formatSettings(settings: ShownSetting[], format: 'table' | 'json' | 'yaml'): string {
  if (format !== 'table') return formatValue({ items: settings }, format);
  const rows = settings.map(({ setting, value, source }) => [
    setting,
    Array.isArray(value) ? value.join(', ') : value,
    source,
  ]);
  return formatTable(['SETTING', 'VALUE', 'SOURCE'], rows);
}
