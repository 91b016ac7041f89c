import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readClusterRecord } from '../e2e/cluster/cluster-state.ts';
import { loadImage } from '../e2e/cluster/load-image.ts';
import { runCommand } from '../e2e/cluster/run-command.ts';
import { buildAgent } from './agent-image.ts';
import type { BuiltImage } from './image-storage.ts';
import { buildToolbox, prepareBase } from './toolbox-image.ts';

const checkout = join(import.meta.dirname, '..');

/**
 * Builds what is stale of the bundles and of the images, tells the checkout's plugin which agent image to
 * use, and loads that into the test cluster when it is up.
 */
export async function buildImages(): Promise<{ toolbox: BuiltImage; agent: BuiltImage }> {
  await runCommand(process.execPath, ['esbuild.config.ts'], { cwd: checkout });
  const base = await prepareBase();
  const toolbox = await buildToolbox(base);
  const agent = await buildAgent(base, toolbox);
  await writeAgentReference(agent.reference);
  if ((await readClusterRecord())?.phase === 'ready') await loadImage(agent.archive);
  return { toolbox, agent };
}

async function writeAgentReference(reference: string): Promise<void> {
  const file = join(checkout, 'dist/agent-image');
  const known = await readFile(file, 'utf8').catch(() => null);
  if (known === `${reference}\n`) return;
  await mkdir(join(checkout, 'dist'), { recursive: true });
  await writeFile(file, `${reference}\n`);
}

if (import.meta.main) {
  try {
    const { toolbox, agent } = await buildImages();
    process.stdout.write(`${toolbox.reference}\n${agent.reference}\n`);
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
