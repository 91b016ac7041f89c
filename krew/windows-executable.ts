import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NtExecutable } from 'pe-library';
import { runCommand } from '../images/machine/run-command.ts';
import type { PluginBundle } from './plugin-bundle.ts';

/**
 * Makes a single-executable application: krew links one file on Windows and calls it `.exe`, so there is no
 * place for a launcher. (https://nodejs.org/api/single-executable-applications.html)
 * @param singleFile the program in one file; its source map is read only when an error is printed.
 * @param executable Node for the platform of the result.
 * @param builder Node of the same version for this machine: what it writes is read by that version alone.
 */
export async function buildExecutable(
  { program, sourceMap }: PluginBundle['singleFile'],
  executable: Buffer,
  builder: Buffer,
): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'crashcart-executable-'));
  try {
    await Promise.all([
      writeFile(join(folder, 'program.cjs'), program),
      writeFile(join(folder, 'program.cjs.map'), sourceMap),
      writeFile(join(folder, 'node.exe'), executable),
      writeFile(join(folder, 'builder'), builder, { mode: 0o755 }),
      writeFile(join(folder, 'configuration.json'), JSON.stringify(configuration)),
    ]);
    await runCommand(join(folder, 'builder'), ['--build-sea', 'configuration.json'], { cwd: folder });
    return await readFile(join(folder, configuration.output));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Takes the signature off a Windows executable: with a program added to the file it would no longer be valid. */
export function removeSignature(executable: Buffer): Buffer {
  return Buffer.from(NtExecutable.from(executable, { ignoreCert: true }).generate());
}

const configuration = {
  main: 'program.cjs',
  executable: 'node.exe',
  output: 'kubectl-crashcart.exe',
  assets: { 'program.cjs.map': 'program.cjs.map' },
  disableExperimentalSEAWarning: true,
  // Both are for the platform that they are made on.
  useSnapshot: false,
  useCodeCache: false,
  execArgv: ['--max-semi-space-size=1'],
};
