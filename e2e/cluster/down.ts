import { stopCluster } from './stop-cluster.ts';

try {
  await stopCluster();
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
