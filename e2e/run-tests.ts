// `npm test`: everything that the tests need, then all of them. Ends in a line that counts what ran.
import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { prepareTestCluster } from './test-cluster.ts';

const resultsSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numRuntimeErrorTestSuites: z.number(),
});

/** A step that hangs is a failure of its own, told long before a CI's limit ends everything unsaid. */
const limitsMs = { check: 5 * 60_000, unit: 5 * 60_000, e2e: 40 * 60_000, faults: 20 * 60_000 };

const totals = { passed: 0, failed: 0, skipped: 0 };
const results = await mkdtemp(join(tmpdir(), 'crashcart-tests-'));
try {
  await runStep('check', () => runScript('check', limitsMs.check));
  await runStep('unit', () => runJest('test:unit', limitsMs.unit));
  await runStep('cluster, images and targets', prepareTestCluster);
  await runStep('e2e', () => runJest('test:e2e', limitsMs.e2e));
  await runStep('faults', () => runJest('test:faults', limitsMs.faults));
} catch (error) {
  totals.failed = Math.max(totals.failed, 1);
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
} finally {
  await rm(results, { recursive: true });
}
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 && totals.passed > 0 ? 0 : 1;

async function runStep(name: string, run: () => Promise<void>): Promise<void> {
  const start = performance.now();
  console.error(`== ${name}`);
  await run();
  console.error(`== ${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
}

/** A failing test does not keep the other projects from running; the count tells. */
async function runJest(script: string, limitMs: number): Promise<void> {
  const file = join(results, `${script.replace(':', '-')}.json`);
  const failure = await runScript(script, limitMs, ['--json', `--outputFile=${file}`]).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  // Without it, jest itself could not run.
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) throw failure ?? new Error(`npm run ${script} left no results`);
  const counts = resultsSchema.parse(JSON.parse(text));
  const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites;
  totals.passed += counts.numPassedTests;
  totals.failed += failed;
  totals.skipped += counts.numPendingTests;
  if (failure !== null && failed === 0) throw failure;
}

/** @throws when it fails, or is not over within its limit: all that it started is ended then. */
async function runScript(name: string, limitMs: number, args: string[] = []): Promise<void> {
  // stdout goes to stderr too: `check` reports there, and jest's JSON is in its file.
  const stdio: StdioOptions = ['ignore', 2, 2];
  // A process group of its own: npm does not pass on what ends it.
  const child = spawn('npm', ['run', '--silent', name, '--', ...args], { stdio, detached: true });
  const endings: string[] = [];
  const end = (why: string) => {
    endings.push(why);
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(() => end(`was not over within ${limitMs / 60_000} min`), limitMs);
  const interrupt = (signal: NodeJS.Signals) => end(`was ended by ${signal}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
  if (endings[0] !== undefined) throw new Error(`npm run ${name} ${endings[0]}`);
  if (code !== 0) throw new Error(`npm run ${name} failed (${code ?? 'ended by a signal'})`);
}
