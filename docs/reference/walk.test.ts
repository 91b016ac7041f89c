import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const checkout = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(checkout, path), 'utf8');

/** A line of the walk. */
interface Step {
  file: string;
  /** Function, class or constant; null for a whole file. */
  name: string | null;
  /** What calls it; null for the first step of a process. */
  caller: string | null;
}

const steps = readSteps(/^## The walk\n([^]*?)^## /m.exec(read('docs/architecture.md'))?.[1] ?? '');

/** A step's caller is the step before it on its level; for the first of a deeper level, the line that it is below. */
function readSteps(text: string): Step[] {
  const steps: Step[] = [];
  /** The last step of each level that is open, with the column that it begins in. */
  let open: { column: number; file: string; isNumbered: boolean }[] = [];
  for (const line of text.split('\n')) {
    const [, blanks = '', mark = '', file = '', name = null] =
      /^( *)(\d+\.|-) `([\w./-]+\/[\w.-]+)(?:: (\w+))?`/.exec(line) ?? [];
    if (mark === '') continue;
    const column = blanks.length;
    const isNumbered = mark !== '-';
    if (mark === '1.') open = [];
    open = open.filter((step) => step.column < column || (isNumbered && step.column === column));
    steps.push({ file, name, caller: open.at(-1)?.file ?? null });
    open = [...open.filter((step) => step.column < column), { column, file, isNumbered }];
  }
  return steps;
}

/** @returns the files of ours that a file imports, at its start or later. */
function listImports(file: string): string[] {
  const specifiers = read(file).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g);
  return [...specifiers].map(([, specifier = '']) => join(dirname(file), specifier));
}

/** Whether a file declares a function, class, constant or method of that name. */
function declares(file: string, name: string): boolean {
  const text = read(file);
  if (file.endsWith('.c')) return new RegExp(String.raw`^\w[\w ]* \*?${name}\(`, 'm').test(text);
  return new RegExp(String.raw`^(export )?(async )?(function|class|const) ${name}\b`, 'm').test(text);
}

const isTypeScript = (file: string) => file.endsWith('.ts');

describe('the walk of docs/architecture.md', () => {
  test('goes from the plugin to the last program before the command', () => {
    const files = steps.map(({ file }) => file);
    expect(files[0]).toBe('plugin/kubectl-crashcart');
    expect(files).toContain('src/cluster/session/open-session.ts');
    expect(files).toContain('images/agent/session-init.c');
  });

  test.each(steps)('$file has $name', ({ file, name }) => {
    expect(existsSync(join(checkout, file))).toBe(true);
    if (name !== null) expect([file, name, declares(file, name)]).toEqual([file, name, true]);
  });

  const calls = steps.filter(
    ({ file, caller }) => caller !== null && isTypeScript(caller) && isTypeScript(file),
  );
  test.each(calls)('$caller imports $file', ({ file, caller }) => {
    expect(listImports(caller ?? '')).toContain(file);
  });

  test('nothing calls back: no step leads to an earlier one of its process', () => {
    for (const { file, caller } of calls)
      expect([file, findReachable(file).has(caller ?? '')]).toEqual([file, false]);
  });
});

function findReachable(start: string): Set<string> {
  const reached = new Set<string>();
  const waiting = listImports(start);
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file) || !isTypeScript(file)) continue;
    reached.add(file);
    waiting.push(...listImports(file));
  }
  return reached;
}
