import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { listTools } from '../src/toolbox/catalogue.ts';
import { recipes } from '../src/toolbox/recipes.ts';
import { runCrashcart } from './harness/command-run.ts';
import { commandChecks, recipePrefix } from './toolbox/command-checks.ts';
import { fileChecks } from './toolbox/file-checks.ts';
import { networkChecks } from './toolbox/network-checks.ts';
import { processChecks } from './toolbox/process-checks.ts';
import { type CheckResult, formatCheckScript, parseCheckOutput } from './toolbox/tool-check.ts';
import { tracingChecks } from './toolbox/tracing-checks.ts';

const checks = { ...commandChecks, ...tracingChecks, ...networkChecks, ...processChecks, ...fileChecks };
/** All of them in one session, one after the other. */
const limitMs = 10 * 60_000;

describe.each(['musl', 'debian-nonroot', 'distroless', 'userns'])('every tool works in %s', (pod) => {
  let results: Map<string, CheckResult>;

  beforeAll(async () => {
    const servers = await readFile(join(import.meta.dirname, 'toolbox/test-servers.py'), 'utf8');
    const { stdout, stderr } = await runCrashcart([pod, '-n', 'targets', '-q', '-i', '--', 'bash', '-s'], {
      input: formatCheckScript(checks, servers),
      timeoutMs: limitMs,
    });
    results = parseCheckOutput(stdout.toString());
    if (results.size === 0) throw new Error(`no check ran: ${stderr}`);
  }, limitMs);

  test.each(Object.entries(checks))('%s', (name, { shows }) => {
    expect(results.get(name)).toEqual({ output: expect.stringMatching(shows), code: 0 });
  });
});

test('no tool is without its check', () => {
  const tools = listTools().map(({ name }) => name);
  const scripts = recipes
    .filter(({ command }) => command[0] === 'recipe')
    .map(({ name }) => `${recipePrefix}${name}`);
  expect(Object.keys(checks).toSorted()).toEqual([...tools, ...scripts].toSorted());
});
