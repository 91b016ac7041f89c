import tseslint from 'typescript-eslint';

/** They know neither the kubeconfig's proxy nor its authorities: src/cluster/api/transport is the way to the network. */
const networkGlobals = ['fetch', 'WebSocket', 'EventSource'];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'e2e/.cluster/', '**/*.mjs', 'images/toolbox/root/'] },
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 350, skipBlankLines: true }],
    },
  },
  { files: ['src/**'], rules: { 'no-restricted-globals': ['error', ...networkGlobals] } },
);
