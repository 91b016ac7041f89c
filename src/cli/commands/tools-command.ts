import * as z from 'zod';
import { listRecipes, listTools, type Tool } from '../../toolbox/catalogue.ts';
import type { Recipe } from '../../toolbox/recipes.ts';
import { toolGroups } from '../../toolbox/tool-groups.ts';
import { linkDocs } from '../../failure/docs-link.ts';
import { formatTable } from '../../terminal/table.ts';
import { defineOptionalArgument } from '../command-line/argument.ts';
import { defineCommand } from '../command-line/command.ts';
import { formatValue, outputFormatOption } from '../options/output-format.ts';
import { loadRecipes } from '../options/settings.ts';
import { describeUnknownTool } from './unknown-tool.ts';

/** Lists the tools and recipes of the toolbox. */
export const toolsCommand = defineCommand({
  name: 'tools',
  usage: 'kubectl crashcart tools [NAME] [-o json|yaml|wide|name]',
  summary: [
    'List the recipes and tools that `--tool` takes, and the recipes of your own',
    'configuration file. With NAME: that one, and what it takes after --.',
  ].join('\n'),
  examples: [
    { purpose: 'Recipes and tools', line: 'kubectl crashcart tools' },
    { purpose: 'What one of them takes', line: 'kubectl crashcart tools strace' },
    { purpose: 'With their needs and packages', line: 'kubectl crashcart tools -o wide' },
    {
      purpose: 'The needs of each recipe, for scripts',
      line: "kubectl crashcart tools -o json | jq '.recipes[] | {name, needs}'",
    },
  ],
  options: { format: outputFormatOption },
  arguments: { name: defineOptionalArgument({ name: 'NAME', schema: z.string(), values: 'tool' }) },
  run: async ({ name, format }, { stdout, env }) => {
    const all = { recipes: listRecipes(await loadRecipes(env)), tools: listTools() };
    const list = name === null ? all : pick(all, name);
    if (format === 'json' || format === 'yaml') stdout.write(formatValue(list, format));
    else stdout.write(name !== null && format === 'table' ? formatOne(list) : formats[format](list));
    return 0;
  },
});

interface ToolList {
  recipes: Recipe[];
  tools: Tool[];
}

/** What has a name: a recipe, a tool, or both. @throws Failure `toolNotFound`. */
function pick({ recipes, tools }: ToolList, name: string): ToolList {
  const found = {
    recipes: recipes.filter((recipe) => recipe.name === name),
    tools: tools.filter((tool) => tool.name === name),
  };
  if (found.recipes.length + found.tools.length > 0) return found;
  throw describeUnknownTool(name, [...recipes, ...tools]);
}

/** How it is run, and what it takes then. */
function formatOne({ recipes, tools }: ToolList): string {
  return [
    ...recipes.flatMap(({ name, summary, takes, needs }) => [
      `${name}: ${summary}`,
      `  kubectl crashcart TARGET --tool ${name}${takes === undefined ? '' : ` -- ${takes}`.replace(/ -- $/, '')}`,
      ...(needs.length > 0 ? [`  It needs ${needs.join('; ')}.`] : []),
    ]),
    ...tools.flatMap(({ name, purpose, package: origin }) => [
      `${name}: ${purpose}${origin === null ? '' : ` (package ${origin})`}`,
      `  kubectl crashcart TARGET -- ${name} [ARGS...]`,
    ]),
    '',
  ].join('\n');
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
    `Which of them for which problem, with examples: ${linkDocs('docs/cookbook.md')}`,
    '',
  ].join('\n');
}
