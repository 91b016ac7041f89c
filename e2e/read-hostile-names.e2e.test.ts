import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { recipes } from '../src/toolbox/recipes.ts';
import { runCrashcart } from './harness/command-run.ts';
import { hostileNameChecks, hostileProcessStart } from './toolbox/hostile-name-checks.ts';
import { type CheckResult, formatCheckScript, parseCheckOutput } from './toolbox/tool-check.ts';

/** All of them in one session, one after the other. */
const limitMs = 5 * 60_000;

describe('nothing that a target has named is obeyed by the terminal', () => {
  let results: Map<string, CheckResult>;

  beforeAll(async () => {
    const source = await readFile(join(import.meta.dirname, 'toolbox/hostile-process.py'), 'utf8');
    const input = `${hostileProcessStart(source)}\n${formatCheckScript(hostileNameChecks)}\nkill $CRASHCART_TARGET_PID\n`;
    const { stdout, stderr } = await runCrashcart(['musl', '-n', 'targets', '-q', '-i', '--', 'bash', '-s'], {
      input,
      timeoutMs: limitMs,
    });
    results = parseCheckOutput(stdout.toString());
    if (results.size === 0) throw new Error(`no check ran: ${stderr}`);
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
