import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { listTools } from '../src/toolbox/catalogue.ts';
import { recipes } from '../src/toolbox/recipes.ts';
import { recordChecks } from './cookbook/recorded-example.ts';
import { runCrashcart } from './harness/command-run.ts';
import { commandChecks, recipePrefix } from './toolbox/command-checks.ts';
import { fileChecks } from './toolbox/file-checks.ts';
import { networkChecks } from './toolbox/network-checks.ts';
import { processChecks } from './toolbox/process-checks.ts';
import { type CheckResult, formatCheckScript, parseCheckOutput } from './toolbox/tool-check.ts';
import { tracingChecks } from './toolbox/tracing-checks.ts';

const checks = { ...commandChecks, ...tracingChecks, ...networkChecks, ...processChecks, ...fileChecks };
const pods = ['musl', 'debian-nonroot', 'distroless', 'userns'];
const limitMs = 10 * 60_000;

/** By pod, then by the tool's name. */
let results: Map<string, Map<string, CheckResult>>;

// All at once: a tool waits for most of its time, and one after the other the four take six minutes.
beforeAll(async () => {
  const servers = await readFile(join(import.meta.dirname, 'toolbox/test-servers.py'), 'utf8');
  const script = formatCheckScript(checks, servers);
  results = new Map(await Promise.all(pods.map(async (pod) => [pod, await runChecks(pod, script)] as const)));
}, limitMs);

describe.each(pods)('every tool works in %s', (pod) => {
  test.each(Object.entries(checks))('%s', (name, { shows }) => {
    expect(results.get(pod)?.get(name)).toEqual({ output: expect.stringMatching(shows), code: 0 });
  });
});

test('no tool is without its check', () => {
  const tools = listTools().map(({ name }) => name);
  const scripts = recipes
    .filter(({ command }) => command[0] === 'recipe')
    .map(({ name }) => `${recipePrefix}${name}`);
  expect(Object.keys(checks).toSorted()).toEqual([...tools, ...scripts].toSorted());
});

/** Runs all checks in one session, one after the other. */
async function runChecks(pod: string, script: string): Promise<Map<string, CheckResult>> {
  const target = [pod, '-n', 'targets'];
  const { stdout, stderr } = await runCrashcart([...target, '-q', '-i', '--', 'bash', '-s'], {
    input: script,
    timeoutMs: limitMs,
  });
  const found = parseCheckOutput(stdout.toString());
  if (found.size === 0) throw new Error(`no check ran: ${stderr}`);
  if (pod === 'debian-nonroot') await recordChecks(target, checks, found);
  return found;
}
