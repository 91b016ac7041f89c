// `npm run images`: builds the images; the test cluster, when it is up, loads the checkout's agent.
import { runBuildCommand } from '../images/build-command.ts';
import { readClusterRecord } from './cluster/cluster-state.ts';
import { loadImage } from './cluster/load-image.ts';

try {
  const images = await runBuildCommand(process.argv.slice(2));
  if (images !== null && (await readClusterRecord())?.phase === 'ready')
    await loadImage(images.agent.archive);
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
