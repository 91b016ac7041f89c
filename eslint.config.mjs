import tseslint from 'typescript-eslint';

/** The direction of imports that docs/architecture.md draws: what each room may not reach. */
const forbiddenImports = {
  'session-api': ['cli', 'cluster', 'agent', 'toolbox', 'terminal', 'config'],
  toolbox: ['cli', 'cluster', 'agent', 'session-api', 'terminal', 'config'],
  agent: ['cli', 'cluster', 'terminal', 'config'],
  cluster: ['cli', 'agent', 'terminal', 'config', 'toolbox'],
  terminal: ['cli', 'cluster', 'agent', 'toolbox', 'config'],
  config: ['cli', 'cluster', 'agent', 'terminal'],
};

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
  {
    files: ['src/**/*.ts'],
    ignores: ['src/cli/command-line/adapter.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'yargs', message: 'Only src/cli/command-line/adapter.ts knows yargs.' }] },
      ],
    },
  },
  ...Object.entries(forbiddenImports).map(([room, rooms]) => ({
    files: [`src/${room}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [{ name: 'yargs', message: 'Only src/cli/command-line/adapter.ts knows yargs.' }],
          patterns: [
            { group: rooms.map((other) => `**/${other}/**`), message: `src/${room} may not import it.` },
          ],
        },
      ],
    },
  })),
);
