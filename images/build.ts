import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readClusterRecord } from '../e2e/cluster/cluster-state.ts';
import { loadImage } from '../e2e/cluster/load-image.ts';
import { runCommand } from './machine/run-command.ts';
import { buildAgent } from './agent-image.ts';
import { getNativePlatform, type ImagePlatform } from './image-platform.ts';
import type { BuiltImage } from './image-storage.ts';
import { buildToolbox, prepareBase } from './toolbox-image.ts';

const checkout = join(import.meta.dirname, '..');

/** Both images of a platform. */
export interface BuiltImages {
  toolbox: BuiltImage;
  agent: BuiltImage;
}

/**
 * Builds what is stale of the bundles and of the images, tells the checkout's plugin which agent image to
 * use, and loads that into the test cluster when it is up.
 */
export async function buildImages(): Promise<BuiltImages> {
  await buildBundles();
  const images = await buildPlatform(getNativePlatform());
  await writeAgentReference(images.agent.reference);
  if ((await readClusterRecord())?.phase === 'ready') await loadImage(images.agent.archive);
  return images;
}

/** Builds the plugin and the agent, as programs, into dist. */
export async function buildBundles(): Promise<void> {
  await runCommand(process.execPath, ['esbuild.config.ts'], { cwd: checkout });
}

/** Builds what is stale of a platform's images; the agent's bundle has to be there. */
export async function buildPlatform(platform: ImagePlatform): Promise<BuiltImages> {
  const base = await prepareBase(platform);
  const toolbox = await buildToolbox(base);
  return { toolbox, agent: await buildAgent(base, toolbox) };
}

async function writeAgentReference(reference: string): Promise<void> {
  const file = join(checkout, 'dist/agent-image');
  const known = await readFile(file, 'utf8').catch(() => null);
  if (known === `${reference}\n`) return;
  await mkdir(join(checkout, 'dist'), { recursive: true });
  await writeFile(file, `${reference}\n`);
}
