import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listTools } from '../../src/toolbox/catalogue.ts';
import { recipes } from '../../src/toolbox/recipes.ts';
import { toolGroups } from '../../src/toolbox/tool-groups.ts';

const checkout = join(import.meta.dirname, '../..');

/** What is made from the catalogue, by its path in the checkout. */
export function formatDocuments(): Record<string, string> {
  return {
    'docs/tools.md': formatGuide(),
    // For check-tools, in a session.
    'images/toolbox/root/usr/share/crashcart/tools.tsv': formatList(),
    // For recipe: what is text is escaped.
    'images/toolbox/root/usr/share/crashcart/recipes.tsv': formatOutputs(),
  };
}

/** Runtime, supported versions, those of the tests, and those that were tried by hand. */
const runtimeVersions = [
  [
    'JVM',
    'HotSpot 8 and later, by jattach; compiled methods have their names in a flame graph from JDK 17 on',
    '17',
    '11, 21',
  ],
  [
    'Python',
    'CPython 2.3 to 2.7 and 3.3 to 3.13, as py-spy 0.4 reads them',
    '3.11',
    '3.8, 3.9, 3.10, 3.12, 3.13',
  ],
  [
    'Node.js',
    'a flame graph with `--perf-basic-prof`; all else by `--inspect`, of the main thread',
    '18',
    '20, 22, 24 (`--inspect`)',
  ],
  ['Go', '1.18 and later, also stripped', '1.26', ''],
  ['Ruby', 'those that export `rb_profile_frames`', '3.1', ''],
  ['PHP', '64 bits, not built for threads (ZTS)', '8.2', ''],
  [
    '.NET',
    'a flame graph with `DOTNET_PerfMapEnabled=1`; of all else, how .NET’s own tools get it',
    'Core 3.1',
    '',
  ],
  ['Mono', 'stacks, into the container’s log, by `--to-log`', '6.8', ''],
];

function formatGuide(): string {
  const tools = listTools();
  return [
    '# Tools and recipes',
    '',
    '`kubectl crashcart tools` prints these lists; `--tool NAME` runs one of them on a target. Made from',
    '`src/toolbox` by `npm run docs`: changes belong there. Besides these the toolbox holds what every Debian has, and',
    '`apt-get install` works in a session where the cluster lets it reach packages.',
    '',
    'Text that recipes and the commands made for this print is escaped, as a target chooses its names. `tshark` and',
    '`tcpdump` run without the rights of root; [Security](security.md#what-reads-the-targets-data) says what runs as what.',
    '',
    '## Recipes',
    '',
    'A recipe looks at the container’s processes. Programs that only wait for others (`tini`, `sh -c`, `npm`, the first',
    'process of gunicorn or nginx) are passed over; of several processes a recipe takes the one that matters to it, or all,',
    'and says which. `--pid PID|NAME` chooses another. What follows `--` is appended to the recipe: `--tool strace -- -c`',
    'counts the system calls of the target. `recipe NAME --help` in a session tells more. The tool itself, without a',
    'target, is run as any command: `-- strace ls`.',
    '',
    '| recipe | what it tells | takes after `--` | needs | output |',
    '| --- | --- | --- | --- | --- |',
    ...recipes.map(
      ({ name, summary, takes = '', needs, output }) =>
        // In a table, a bar would end the cell even in code.
        `| \`${name}\` | ${summary} | ${takes && `\`${takes.replaceAll('|', String.raw`\|`)}\``} | ${needs.join('; ')} | ${output} |`,
    ),
    '',
    '## Languages and their versions',
    '',
    'What `stacks`, `flamegraph`, `heap` and `heap-dump` read, and the versions with which they were tried: in each run of the',
    'tests, or once, by hand.',
    '',
    '| runtime | versions | in the tests | by hand |',
    '| --- | --- | --- | --- |',
    ...runtimeVersions.map((row) => `| ${row.join(' | ')} |`),
    ...toolGroups.flatMap(({ name: group, title }) => [
      '',
      `## ${title}`,
      '',
      '| tool | purpose | package |',
      '| --- | --- | --- |',
      ...tools
        .filter((tool) => tool.group === group)
        .map(({ name, purpose, package: origin }) => `| \`${name}\` | ${purpose} | ${origin ?? ''} |`),
    ]),
    '',
  ].join('\n');
}

function formatList(): string {
  return listTools()
    .map(({ name, purpose, group }) => `${name}\t${group}\t${purpose}\n`)
    .join('');
}

function formatOutputs(): string {
  return recipes.map(({ name, output }) => `${name}\t${output}\n`).join('');
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(formatDocuments())) await writeFile(join(checkout, path), text);
}
