import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildImages } from '../images/build.ts';
import { runCommand } from '../images/machine/run-command.ts';
import { buildTargetImages } from './targets/build.ts';
import { applyTargets } from './targets/deploy.ts';

const manifests = join(import.meta.dirname, '../manifests');
const loadLimitMs = 10 * 60_000;

/**
 * Writes the kubeconfig of one context, as the tests read it.
 * @throws ExecaError when kubectl does not know the context.
 */
export async function exportKubeconfig(context: string, file: string): Promise<void> {
  const view = ['config', 'view', '--raw', '--flatten', '--minify', '--output', 'json'];
  await writeFile(file, await runCommand('kubectl', [...view, '--context', context]), { mode: 0o600 });
}

/**
 * Puts onto a cluster that exists what the tests need: the manifests, and the targets without the static pod.
 * @param context of kind, or any other when the images are there already.
 * @param isLoaded whether the nodes have, or can pull, the agent's image and the targets' images.
 * @throws Error when the images are neither there nor loadable; ExecaError of kubectl, kind or a build.
 */
export async function prepareExistingCluster(
  context: string,
  kubeconfig: string,
  isLoaded: boolean,
): Promise<void> {
  if (!isLoaded) await loadByKind(context);
  await runCommand('kubectl', ['--kubeconfig', kubeconfig, 'apply', '-k', manifests]);
  await applyTargets({ kubectl: 'kubectl', kubeconfig });
}

async function loadByKind(context: string): Promise<void> {
  const [, name] = /^kind-(.+)$/.exec(context) ?? [];
  if (name === undefined)
    throw new Error(`images can't be loaded into "${context}": load them yourself, and add --loaded`);
  const { agent } = await buildImages();
  const archives = [agent.archive, ...(await buildTargetImages())];
  for (const archive of archives)
    await runCommand('kind', ['load', 'image-archive', '--name', name, archive], { timeoutMs: loadLimitMs });
}
