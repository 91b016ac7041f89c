// `npm test`: everything that the tests need, then all of them. Ends in a line that counts what ran.
import { spawn } from 'node:child_process';
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

const totals = { passed: 0, failed: 0, skipped: 0 };
const results = await mkdtemp(join(tmpdir(), 'crashcart-tests-'));
try {
  await runStep('check', () => runScript('check'));
  await runStep('unit', () => runJest('test:unit'));
  await runStep('cluster, images and targets', prepareTestCluster);
  await runStep('e2e', () => runJest('test:e2e'));
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
async function runJest(script: string): Promise<void> {
  const file = join(results, `${script.replace(':', '-')}.json`);
  const failure = await runScript(script, ['--json', `--outputFile=${file}`]).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  const counts = resultsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  totals.passed += counts.numPassedTests;
  totals.failed += counts.numFailedTests + counts.numRuntimeErrorTestSuites;
  totals.skipped += counts.numPendingTests;
  if (failure !== null && counts.numFailedTests + counts.numRuntimeErrorTestSuites === 0) throw failure;
}

async function runScript(name: string, args: string[] = []): Promise<void> {
  // stdout goes to stderr too: `check` reports there, and jest's JSON is in its file.
  const child = spawn('npm', ['run', '--silent', name, '--', ...args], { stdio: ['ignore', 2, 2] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`npm run ${name} failed (${code ?? 'ended by a signal'})`);
}
