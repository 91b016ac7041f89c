import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describeAgentBuild } from '../esbuild.config.ts';
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
 * Builds the bundles and images that are stale, and tells the checkout's plugin which agent image to use.
 * @returns the images of this machine's platform; a cluster still has to load the agent's archive.
 */
export async function buildImages(): Promise<BuiltImages> {
  await buildBundles();
  const images = await buildPlatform(getNativePlatform());
  await writeAgentReference(images.agent.reference);
  return images;
}

/** Builds the plugin and the agent, as programs, into dist. */
export async function buildBundles(): Promise<void> {
  await runCommand(process.execPath, ['esbuild.config.ts'], { cwd: checkout });
}

/**
 * Bundles the agent of another version than the checkout's, in the place of the checkout's own: the plugin of that
 * release shows users the version that the agent reports.
 */
export async function buildAgentBundle(version: string): Promise<void> {
  await build(describeAgentBuild('dist/agent', { version }));
}

/** Builds the images of a platform that are stale; needs the agent's bundle. */
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
