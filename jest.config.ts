import type { Config } from 'jest';

const shared = {
  // Set by `npm run test:vm` where the node is emulated.
  testEnvironment: process.env['CRASHCART_E2E_SLOWNESS']
    ? '<rootDir>/e2e/limits/slow-environment.mjs'
    : 'node',
  // The built-in cluster's data: etcd has files that look like jest's own snapshots.
  modulePathIgnorePatterns: ['<rootDir>/e2e/.cluster/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript' },
          target: 'es2024',
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
};

/**
 * Four projects: beside the code (unit), on a real cluster (e2e), what breaks it or its connections (faults),
 * repetitions and long runs (soak).
 */
const config: Config = {
  testTimeout: 60_000 * Number(process.env['CRASHCART_E2E_SLOWNESS'] ?? '1'),
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: [
        '<rootDir>/{src,docs,images,krew,e2e/bench,e2e/cookbook,e2e/demo,e2e/harness,e2e/vm}/**/*.test.ts',
      ],
    },
    { ...shared, displayName: 'e2e', testMatch: ['<rootDir>/e2e/**/*.e2e.test.ts'] },
    { ...shared, displayName: 'faults', testMatch: ['<rootDir>/e2e/**/*.faults.test.ts'] },
    { ...shared, displayName: 'soak', testMatch: ['<rootDir>/e2e/**/*.soak.test.ts'] },
  ],
};

export default config;
