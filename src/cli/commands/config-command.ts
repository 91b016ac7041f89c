import * as z from 'zod';
import { Failure } from '../../failure/failure.ts';
import { readConfigFile } from '../../config/config-file.ts';
import type { SettingName } from '../../config/config-schema.ts';
import { type EffectiveSetting, isImageOfRelease } from '../../config/effective-settings.ts';
import { nameInMirror } from '../../config/mirrored-image.ts';
import { escapeText } from '../../failure/escape-text.ts';
import { formatTable } from '../../terminal/table.ts';
import type { Command } from '../command-line/command.ts';
import { connectionFlags } from '../options/connection-flags.ts';
import { UsageError } from '../errors.ts';
import { helpFlag } from '../options/help-flag.ts';
import { suggestName } from '../command-line/nearest-name.ts';
import { formatValue, reportFormatFlag, reportFormatSchema } from '../options/output-format.ts';
import { decideSettings, locateConfig, settingFlags } from '../options/settings.ts';
import { agentOptionsSchema, completeAgentOptions } from '../options/agent-options.ts';

const whatSchema = z.enum(['view', 'path', 'validate']);
const optionsSchema = z.object({
  what: whatSchema,
  /** null: the user's own. */
  file: z.string().min(1).nullable(),
  format: reportFormatSchema,
  /** Those that say which context is meant. */
  flags: z.record(z.string(), z.string().optional()),
});
type ConfigOptions = z.infer<typeof optionsSchema>;

const { kubeconfig, context } = connectionFlags;

/** Shows the user's configuration. */
export const configCommand: Command<ConfigOptions> = {
  usage: [
    'kubectl crashcart config view [--context NAME] [-o json|yaml]',
    'kubectl crashcart config path',
    'kubectl crashcart config validate [FILE]',
  ].join('\n'),
  summary: [
    'Show the configuration: what is set for which context, and by what; where the',
    'file is; what is wrong in it.',
    '',
    'A flag goes before an environment variable, that before what the file has for',
    'the context, and that before what it has for all. See docs/configuration.md.',
  ].join('\n'),
  examples: [
    {
      purpose: 'What holds for a context, and what sets it',
      line: 'kubectl crashcart config view --context production',
    },
    { purpose: 'Write the file', line: '${EDITOR:-vi} "$(kubectl crashcart config path)"' },
    { purpose: 'What is wrong in it, by line and column', line: 'kubectl crashcart config validate' },
  ],
  flags: {
    ...(kubeconfig && context ? { kubeconfig, context } : {}),
    ...reportFormatFlag,
    ...helpFlag,
  },
  argument: whatSchema.options,
  complete: ({ flags, positional, rest }) => {
    const [what, file, ...more] = positional;
    const words: string[] = whatSchema.options;
    if (what === undefined || !words.includes(what) || rest !== null)
      throw new UsageError(`config takes one of: ${words.join(', ')}${suggestName(what ?? '', words)}`);
    if (more.length > 0 || (file !== undefined && what !== 'validate'))
      throw new UsageError(`"${[file, ...more].join(' ')}" is not expected here`);
    if (what !== 'view' && flags['output'] !== undefined)
      throw new UsageError('--output is for `config view`');
    const { kubeconfig, context } = flags;
    return { what, file: file ?? null, format: flags['output'] ?? 'table', flags: { kubeconfig, context } };
  },
  schema: optionsSchema,
  async run({ what, file, format, flags }, { stdout, reporter, env }) {
    const path = file ?? locateConfig(env);
    switch (what) {
      case 'path':
        stdout.write(`${escapeText(path)}\n`);
        return 0;
      case 'view':
        stdout.write(formatSettings(listSettings(await decideSettings({ flags }, env)), format));
        return 0;
      case 'validate':
        if ((await readConfigFile(path)) === null) {
          if (file !== null) throw new Failure('configuration', `there is no file ${file}`);
          reporter.tell(`There is no file ${path}: the defaults apply.`);
          return 0;
        }
        stdout.write(`${escapeText(path)} is valid.\n`);
        return 0;
    }
  },
};

interface ShownSetting extends EffectiveSetting {
  setting: string;
}

/** Those that nothing sets have what they are without. */
function listSettings(decided: Map<SettingName, EffectiveSetting>): ShownSetting[] {
  const { image, imagePullPolicy, imagePullSecrets, namespace } = agentOptionsSchema.parse(
    completeAgentOptions({}),
  );
  const defaults = {
    ...{ image, imagePullPolicy, imagePullSecrets },
    agentNamespace: namespace,
    mirror: '',
    toolbox: '',
  };
  const effective = new Map(decided);
  const mirror = decided.get('mirror');
  if (isImageOfRelease(decided)) {
    effective.delete('image');
    if (typeof mirror?.value === 'string' && mirror.value !== '')
      effective.set('image', { value: nameInMirror(image, mirror.value), source: mirror.source });
  }
  return (Object.keys(settingFlags) as SettingName[]).map((setting) => ({
    setting,
    ...(effective.get(setting) ?? { value: defaults[setting], source: 'default' }),
  }));
}

function formatSettings(settings: ShownSetting[], format: ConfigOptions['format']): string {
  if (format !== 'table') return formatValue({ items: settings }, format);
  const rows = settings.map(({ setting, value, source }) => [
    setting,
    Array.isArray(value) ? value.join(', ') : value,
    source,
  ]);
  return formatTable(['SETTING', 'VALUE', 'SOURCE'], rows);
}
