import { listRecipes, listTools, type Tool } from '../../toolbox/catalogue.ts';
import type { Recipe } from '../../toolbox/recipes.ts';
import { toolGroups } from '../../toolbox/tool-groups.ts';
import { formatTable } from '../../terminal/table.ts';
import { defineCommand } from '../command-line/command.ts';
import { formatValue, outputFormatOption } from '../options/output-format.ts';
import { loadRecipes } from '../options/settings.ts';

/** Lists the tools and recipes of the toolbox. */
export const toolsCommand = defineCommand({
  name: 'tools',
  usage: 'kubectl crashcart tools [-o json|yaml|wide|name]',
  summary: [
    'List the recipes and tools that `--tool` takes, and the recipes of your own',
    'configuration file.',
  ].join('\n'),
  examples: [
    { purpose: 'Recipes and tools', line: 'kubectl crashcart tools' },
    { purpose: 'With their needs and packages', line: 'kubectl crashcart tools -o wide' },
    {
      purpose: 'The needs of each recipe, for scripts',
      line: "kubectl crashcart tools -o json | jq '.recipes[] | {name, needs}'",
    },
  ],
  options: { format: outputFormatOption },
  run: async ({ format }, { stdout, env }) => {
    const list = { recipes: listRecipes(await loadRecipes(env)), tools: listTools() };
    stdout.write(format === 'json' || format === 'yaml' ? formatValue(list, format) : formats[format](list));
    return 0;
  },
});

interface ToolList {
  recipes: Recipe[];
  tools: Tool[];
}

const formats = { table: formatText, wide: formatWide, name: formatNames };

function formatNames({ recipes, tools }: ToolList): string {
  // A tool and its recipe can have the same name.
  const names = new Set([...recipes, ...tools].map(({ name }) => name));
  return [...names].map((name) => `${name}\n`).join('');
}

function formatWide({ recipes, tools }: ToolList): string {
  return formatTable(
    ['NAME', 'GROUP', 'PACKAGE', 'OUTPUT', 'PURPOSE', 'NEEDS'],
    [
      ...recipes.map(({ name, output, summary, needs }) => [
        ...[name, 'recipes', '-', output, summary],
        needs.join('; ') || '-',
      ]),
      ...tools.map((tool) => [tool.name, tool.group, tool.package ?? '-', '-', tool.purpose, '-']),
    ],
  );
}

function formatText({ recipes, tools }: ToolList): string {
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
