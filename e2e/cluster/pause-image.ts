import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnce, hashInputs } from '../../images/machine/build-cache.ts';
import { buildImage } from './image-build.ts';
import { pauseImageName } from './node-configuration.ts';
import { runCommand } from '../../images/machine/run-command.ts';

/**
 * Builds the image of the pods' sandboxes, or finds it in the cache.
 * @returns the archive's path.
 */
export async function buildPauseImage(): Promise<string> {
  const sources = join(import.meta.dirname, 'pause');
  const builder = join(import.meta.dirname, 'image-build.ts');
  const key = await hashInputs([pauseImageName, { file: sources }, { file: builder }]);
  const directory = await buildOnce('pause-image', key, async (unfinished) => {
    await runCommand('gcc', [
      '-O2',
      '-static',
      '-s',
      '-o',
      join(unfinished, 'pause'),
      join(sources, 'pause.c'),
    ]);
    await copyFile(join(sources, 'Dockerfile'), join(unfinished, 'Dockerfile'));
    await buildImage({ context: unfinished, name: pauseImageName, archive: join(unfinished, 'pause.tar') });
  });
  return join(directory, 'pause.tar');
}
