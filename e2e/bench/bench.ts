import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inspectAgent } from './agents.ts';
import { prepareBenchCluster, removeBenchNamespace } from './bench-cluster.ts';
import { measureCold } from './cold-figures.ts';
import { measureCopies } from './copy-figures.ts';
import type { Figure } from './figure.ts';
import { measureIdleAgent } from './idle-figures.ts';
import { measureKeyPresses } from './key-press-figures.ts';
import { measureLines } from './line-figures.ts';
import { measureMany } from './many-figures.ts';
import { printFigures } from './figures-table.ts';
import { measureCompletion, measureVersion, measureWarm } from './start-figures.ts';
import { measureThroughput } from './throughput-figures.ts';
import { measureWait } from './wait-figures.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    megabytes: { type: 'string', default: '500' },
    json: { type: 'string', default: join(import.meta.dirname, 'results.json') },
  },
});
const runs = readCount('runs', values.runs);
const bytes = readCount('megabytes', values.megabytes) * 1_000_000;

const cluster = await prepareBenchCluster();
try {
  const figures: Figure[] = [];
  const take = (...measured: Figure[]) => {
    figures.push(...measured);
    for (const { name, ratio } of measured) console.error(`${name}: ${ratio.toFixed(2)}`);
  };
  take(await measureVersion(cluster, runs));
  take(await measureWarm(cluster, runs));
  take(await measureCompletion(cluster, runs));
  take(await measureWait(cluster, runs));
  const { image } = await inspectAgent(cluster);
  take(...(await measureIdleAgent(cluster)));
  take(...(await measureKeyPresses(cluster)));
  take(...(await measureLines(cluster, runs)));
  take(...(await measureThroughput(cluster, runs, bytes)));
  take(...(await measureCopies(cluster, runs, bytes)));
  take(...(await measureMany(cluster, runs)));
  take(...(await measureCold(cluster, runs, image)));
  printFigures(figures);
  await writeFile(
    values.json,
    JSON.stringify({ measuredAt: new Date().toISOString(), runs, bytes, image, figures }, null, 2),
  );
} finally {
  await removeBenchNamespace(cluster);
}

function readCount(name: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`--${name} is a whole number from 1 on`);
  return count;
}
