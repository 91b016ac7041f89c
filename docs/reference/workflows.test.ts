import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import * as z from 'zod';

const checkout = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(checkout, path), 'utf8');
const listYAML = (pattern: string) => globSync(pattern, { cwd: checkout }).toSorted();

const workflowSchema = z.object({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.object({
      'timeout-minutes': z.number(),
      steps: z.array(z.object({ uses: z.string().optional(), run: z.string().optional() })).min(1),
    }),
  ),
});
const scripts = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(read('package.json'))).scripts;

test.each(listYAML('.github/**/*.yml'))('%s is YAML', (file) => {
  expect(load(read(file))).toBeInstanceOf(Object);
});

describe.each(listYAML('.github/workflows/*.yml'))('the workflow %s', (file) => {
  const workflow = workflowSchema.parse(load(read(file)));
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  test('runs only npm scripts that there are', () => {
    const names = steps.flatMap(({ run = '' }) =>
      [...run.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name = '']) => name),
    );
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('may only read, unless a job says otherwise, and pins its actions', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/@(v\d+|[0-9a-f]{40})$/);
  });
});
