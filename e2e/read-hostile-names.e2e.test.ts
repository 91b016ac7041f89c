import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { recipes } from '../src/toolbox/recipes.ts';
import { runCrashcart } from './harness/command-run.ts';
import { hostileNameChecks, hostileProcessStart } from './toolbox/hostile-name-checks.ts';
import {
  type CheckResult,
  formatCheckScript,
  parseCheckOutput,
  type ToolChecks,
} from './toolbox/tool-check.ts';

/** Of one session, in which its checks run one after the other. */
const limitMs = 5 * 60_000;
/** Two sessions at once: a check waits for most of its time. Not in one target: both listen on the same port. */
const pods = ['musl', 'debian-nonroot'];

describe('nothing that a target has named is obeyed by the terminal', () => {
  let results: Map<string, CheckResult>;

  beforeAll(async () => {
    const source = await readFile(join(import.meta.dirname, 'toolbox/hostile-process.py'), 'utf8');
    const found = await Promise.all(pods.map((pod, index) => runChecks(pod, selectChecks(index), source)));
    results = new Map(found.flatMap((some) => [...some]));
  }, limitMs);

  test.each(Object.entries(hostileNameChecks))('%s', (name, { shows }) => {
    expect(results.get(name)).toEqual({ output: expect.stringMatching(shows), code: expect.any(Number) });
  });
});

test('no recipe is without its check', () => {
  const interactive = recipes.filter(({ output }) => output === 'terminal').map(({ name }) => name);
  const checked = Object.keys(hostileNameChecks).map((name) => name.replace(/^recipe:/, ''));
  expect(recipes.map(({ name }) => name).filter((name) => !checked.includes(name))).toEqual(interactive);
});

/** @returns those that are the turn of one of the pods. */
function selectChecks(podIndex: number): ToolChecks {
  const entries = Object.entries(hostileNameChecks);
  return Object.fromEntries(entries.filter((_, index) => index % pods.length === podIndex));
}

async function runChecks(pod: string, checks: ToolChecks, source: string): Promise<Map<string, CheckResult>> {
  const input = `${hostileProcessStart(source)}\n${formatCheckScript(checks)}\nkill $CRASHCART_TARGET_PID\n`;
  const { stdout, stderr } = await runCrashcart([pod, '-n', 'targets', '-q', '-i', '--', 'bash', '-s'], {
    input,
    timeoutMs: limitMs,
  });
  const found = parseCheckOutput(stdout.toString());
  if (found.size === 0) throw new Error(`no check ran: ${stderr}`);
  return found;
}
