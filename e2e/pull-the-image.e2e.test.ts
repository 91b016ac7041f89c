import { beforeAll, describe, expect, test } from '@jest/globals';
import { buildPlatform } from '../images/build.ts';
import { getNativePlatform } from '../images/image-platform.ts';
import { listLargestPackages, measureImage, type ImageSize } from '../images/image-size.ts';

const megabyte = 1e6;
const limits: Record<keyof ImageSize, number> = { pulled: 300 * megabyte, unpacked: 900 * megabyte };

describe('the image that a node pulls', () => {
  let size: ImageSize;
  let packages: string;

  beforeAll(async () => {
    const { archive } = (await buildPlatform(getNativePlatform())).agent;
    size = await measureImage(archive);
    const largest = await listLargestPackages(archive, 12);
    packages = largest.map(({ name, bytes }) => `${name} ${formatSize(bytes)}`).join(', ');
  }, 240_000);

  test.each(['pulled', 'unpacked'] as const)('is as small as it has to be, %s', (kind) => {
    // A failure names what to look at.
    const heading = `${formatSize(size[kind])} of ${formatSize(limits[kind])}; largest packages: ${packages}`;
    expect({ heading, fits: size[kind] <= limits[kind] }).toEqual({ heading, fits: true });
  });

  test('holds the toolbox, of whose packages the largest are known', () => {
    expect(packages).toMatch(/libwireshark\d+ \d+ MB/);
  });
});

function formatSize(bytes: number): string {
  return `${Math.round(bytes / megabyte)} MB`;
}
