// `npm run docs:cookbook [-- FILE…]`: runs the tests that have examples, on the cluster that is up, and writes
// docs/cookbook.yaml and docs/cookbook.md. With files, only these are run, and the other examples stay. `--page` writes
// the page alone, and needs no cluster.
import { execa } from 'execa';
import { readdir, readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { formatCookbook } from '../../docs/reference/cookbook/cookbook-page.ts';
import {
  type ExampleRecords,
  exampleRecordSchema,
  formatExampleRecords,
  readExampleRecords,
  recordsFile,
} from '../../docs/reference/cookbook/example-records.ts';
import { problemNames } from '../../docs/reference/cookbook/problems.ts';
import { examplesVariable } from './recorded-example.ts';

const checkout = join(import.meta.dirname, '../..');
/** Those that call `recordExample` or `recordChecks`. */
const tests = await findTests();

const args = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'crashcart-examples-'));
try {
  if (!args.includes('--page')) await runTests(args.length > 0 ? args : tests);
  const records = keepKnown({ ...readExampleRecords(), ...(await readNewRecords()) });
  await writeFile(recordsFile, formatExampleRecords(records));
  await writeFile(join(checkout, 'docs/cookbook.md'), formatCookbook(records));
} finally {
  await rm(folder, { recursive: true });
}

async function findTests(): Promise<string[]> {
  const names = (await readdir(join(checkout, 'e2e'))).filter((name) => name.endsWith('.e2e.test.ts'));
  const texts = await Promise.all(names.map((name) => readFile(join(checkout, 'e2e', name), 'utf8')));
  return names
    .filter((_, index) => texts[index]?.includes('cookbook/recorded-example.ts'))
    .map((name) => `e2e/${name}`);
}

async function runTests(files: string[]): Promise<void> {
  const command = [join(checkout, 'e2e/run-e2e.ts'), ...files];
  const env = { [examplesVariable]: folder };
  await execa(process.execPath, command, { cwd: checkout, env, stdio: 'inherit' });
}

async function readNewRecords(): Promise<ExampleRecords> {
  const names = await readdir(folder);
  const read = async (name: string) => {
    const record = exampleRecordSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
    return [basename(name, '.json'), record] as const;
  };
  return Object.fromEntries(await Promise.all(names.map(read)));
}

/** A problem may have been taken off the list. */
function keepKnown(records: ExampleRecords): ExampleRecords {
  const names = new Set<string>(problemNames);
  return Object.fromEntries(Object.entries(records).filter(([name]) => names.has(name)));
}
