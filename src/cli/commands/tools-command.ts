import * as z from 'zod';
import { listRecipes, listTools, type Tool } from '../../toolbox/catalogue.ts';
import type { Recipe } from '../../toolbox/recipes.ts';
import { toolGroups } from '../../toolbox/tool-groups.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../errors.ts';
import { helpFlag } from '../help-flag.ts';
import { loadRecipes } from '../settings.ts';

const optionsSchema = z.object({
  output: z.enum(['text', 'json', 'yaml'], '-o takes json or yaml'),
});
type ToolsOptions = z.infer<typeof optionsSchema>;

/** Lists the tools and recipes of the toolbox. */
export const toolsCommand: Command<ToolsOptions> = {
  usage: 'kubectl crashcart tools [-o json|yaml]',
  summary:
    'List what `--tool` takes: the recipes and tools of the toolbox, and your own of the configuration file.',
  flags: {
    output: { type: 'string', alias: 'o', describe: 'json or yaml', group: 'Output:' },
    ...helpFlag,
  },
  complete: ({ flags, positional, rest }) => {
    if (positional.length > 0 || rest !== null) throw new UsageError('"tools" takes no arguments');
    return { output: flags['output'] ?? 'text' };
  },
  schema: optionsSchema,
  run: async ({ output }, { stdout, env }) => {
    const list = { recipes: listRecipes(await loadRecipes(env)), tools: listTools() };
    if (output === 'text') stdout.write(formatText(list));
    else if (output === 'json') stdout.write(`${JSON.stringify(list, null, 2)}\n`);
    // Without references: readers of a list need not know them.
    else stdout.write((await import('js-yaml')).dump(list, { noRefs: true }));
    return 0;
  },
};

function formatText({ recipes, tools }: { recipes: Recipe[]; tools: Tool[] }): string {
  const width = Math.max(...[...recipes, ...tools].map(({ name }) => name.length)) + 2;
  const formatLine = (name: string, text: string) => `  ${name.padEnd(width)}${text}`;
  return [
    'Recipes: kubectl crashcart TARGET --tool RECIPE',
    ...recipes.map(({ name, summary }) => formatLine(name, summary)),
    ...toolGroups.flatMap(({ name: group, title }) => [
      '',
      title,
      ...tools.filter((tool) => tool.group === group).map(({ name, purpose }) => formatLine(name, purpose)),
    ]),
    '',
  ].join('\n');
}
