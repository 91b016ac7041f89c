import { getClusterStatus } from './cluster-status.ts';

try {
  const { state, details } = await getClusterStatus();
  process.stdout.write(`${[state, ...details.map((line) => `  ${line}`)].join('\n')}\n`);
  process.exitCode = state === 'ready' ? 0 : 1;
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
