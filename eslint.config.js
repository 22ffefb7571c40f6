import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The pure cores: nothing from outside the folder, no clock, no randomness (ARCHITECTURE.md, invariants). */
const PURE = ['src/callflow/**/*.ts', 'src/cpd/**/*.ts', 'src/handoff/queue/**/*.ts'];

export default tseslint.config(
  // The scripts of example pages run in another engine, and in pieces.
  { ignores: ['dist/**', 'coverage/**', 'node_modules/**', 'config/examples/**/*.js'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      eqeqeq: 'error',
    },
  },
  {
    // Scripts of pages: what they declare is used by the page, which brings them its globals.
    files: ['config/examples/**/*.js'],
    languageOptions: { sourceType: 'script', globals: { _genesys: 'readonly' } },
    rules: { 'no-unused-vars': 'off' },
  },
  {
    files: PURE,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^(?!\\./)', message: 'A pure core imports nothing from outside its folder.' },
          ],
        },
      ],
    },
  },
  {
    // Its folders reach up to the core itself, and no further.
    files: ['src/cpd/*/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(?!\\.\\.?/)|^\\.\\./\\.\\./',
              message: 'cpd/ imports nothing from outside.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/adapters/**', 'src/embedded/**', 'src/farend/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time comes from the Clock port.' },
        { object: 'Math', property: 'random', message: 'Randomness comes from the Random port.' },
      ],
      'no-restricted-globals': ['error', 'setTimeout', 'setInterval', 'setImmediate'],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: ['it', 'describe'] },
      ],
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: {
        console: 'readonly',
        process: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
      },
    },
  },
);
