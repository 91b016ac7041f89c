import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NtExecutable } from 'pe-library';
import { readNodePackage } from '../images/machine/node-package.ts';
import { namePlatform, type Platform, platforms } from '../images/machine/node-platforms.ts';
import { makeRelease, type ReleasedArchive } from '../krew/release.ts';
import { buildBinaries } from './cluster/binaries.ts';
import { runCommand } from '../images/machine/run-command.ts';
import { buildKrew } from './krew/build-krew.ts';
import { type ReleaseServer, serveRelease } from './harness/release-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'crashcart-releases-'));
afterAll(() => {
  server?.close();
  rmSync(folder, { recursive: true });
});

let archives: ReleasedArchive[];
let server: ReleaseServer;
beforeAll(async () => {
  server = await serveRelease(join(folder, 'one'));
  archives = await release('one');
}, 600_000);

function release(name: string): Promise<ReleasedArchive[]> {
  const { baseURL } = server;
  const directory = join(folder, name);
  return makeRelease({ version: '1.2.3', platforms, directory, baseURL, onProgress: () => undefined });
}

/** @returns a file of a platform's archive. */
function extract(platform: Platform, name: string): Buffer {
  const archive = archives.find((made) => made.platform === platform);
  const file = join(folder, 'one', archive?.name ?? '');
  return execFileSync('tar', ['xzOf', file, name], { maxBuffer: 300_000_000 });
}

/** What the headers of executables say they are for: ELF, Mach-O and PE. */
const machines: Record<string, (file: Buffer) => boolean> = {
  linux_amd64: (file) => isElf(file) && file.readUInt16LE(18) === 0x3e,
  linux_arm64: (file) => isElf(file) && file.readUInt16LE(18) === 0xb7,
  darwin_amd64: (file) => file.readUInt32LE(0) === 0xfeedfacf && file.readUInt32LE(4) === 0x01000007,
  darwin_arm64: (file) => file.readUInt32LE(0) === 0xfeedfacf && file.readUInt32LE(4) === 0x0100000c,
  windows_amd64: (file) => readMachine(file) === 0x8664,
  windows_arm64: (file) => readMachine(file) === 0xaa64,
};
const isElf = (file: Buffer) => file.subarray(0, 4).equals(Buffer.from('\x7fELF'));
const isSigned = (file: Buffer) =>
  NtExecutable.from(file, { ignoreCert: true }).newHeader.optionalHeaderDataDirectory.get(4).size > 0;
const readMachine = (file: Buffer) => file.readUInt16LE(file.readUInt32LE(0x3c) + 4);

describe.each(platforms.map((platform) => ({ name: namePlatform(platform), platform })))(
  'the archive for $name',
  ({ name, platform }) => {
    const isWindows = platform.os === 'windows';

    test('is at most 60 MB', () => {
      expect(archives.find((made) => made.platform === platform)?.bytes).toBeLessThanOrEqual(60_000_000);
    });

    test('has an executable for its machine', () => {
      const executable = extract(platform, isWindows ? 'kubectl-crashcart.exe' : 'lib/node');
      expect(machines[name]?.(executable)).toBe(true);
    });

    const official = isWindows
      ? 'the program in the official Node, unsigned'
      : 'the official Node, untouched';
    test(`has ${official}`, async () => {
      const hash = (content: Buffer) => createHash('sha256').update(content).digest('hex');
      const { binary } = await readNodePackage(platform.node);
      if (isWindows) {
        const executable = extract(platform, 'kubectl-crashcart.exe');
        expect(executable.length).toBeGreaterThan(binary.length);
        expect([binary, executable].map(isSigned)).toEqual([true, false]);
        expect(executable.includes('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1')).toBe(true);
        expect(executable.includes('"1.2.3"')).toBe(true);
      } else {
        expect(hash(extract(platform, 'lib/node'))).toBe(hash(binary));
      }
    });

    test('has the licences in it', () => {
      expect(extract(platform, 'LICENSE').toString()).toContain('Apache License');
      expect(extract(platform, 'THIRD-PARTY-LICENSES.txt').toString()).toContain(
        `Node.js ${platform.node.version}\n\nNode.js is licensed`,
      );
    });
  },
);

test("the index's own validator accepts the manifest, and installs each archive", async () => {
  const [binaries, krew] = await Promise.all([buildBinaries(), buildKrew()]);
  const env = { PATH: `${krew}:${binaries}:${process.env['PATH'] ?? ''}` };
  await runCommand('validate-krew-manifest', ['-manifest', join(folder, 'one/crashcart.yaml')], { env });
}, 120_000);

test('two builds give the same hashes', async () => {
  const again = await release('other');
  expect(again.map(({ sha256 }) => sha256)).toEqual(archives.map(({ sha256 }) => sha256));
}, 600_000);
