// Lint for everything: types-aware rules, the layer rules of ARCHITECTURE.md, and the few habits a linter can check.
import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import { defineConfig } from 'eslint/config';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const TEST_FILES = ['**/*.spec.ts', '**/*.itest.ts', '**/*.fixture.ts'];

/** What each library may import. Layers only say "downwards"; this table says it exactly. */
const LIBRARY_IMPORTS = {
  core: [],
  routing: ['core'],
  codec: ['core'],
  common: ['core'],
  protocol: ['core'],
  store: ['core', 'routing', 'codec'],
  telemetry: ['core'],
  process: ['core', 'store', 'telemetry'],
  engine: ['core', 'routing', 'codec', 'store', 'telemetry'],
  polling: ['core', 'common', 'routing', 'store', 'telemetry', 'engine'],
  'remote-polling': ['core', 'common', 'codec', 'routing', 'store', 'engine', 'polling'],
  gateway: ['core', 'common', 'codec', 'routing', 'store', 'telemetry', 'engine', 'remote-polling'],
  workflow: ['core', 'common'],
  activity: ['core', 'common'],
  client: ['core', 'common', 'routing', 'codec', 'protocol', 'store', 'telemetry', 'engine'],
  worker: [
    ...['core', 'routing', 'codec', 'protocol', 'store', 'telemetry', 'engine', 'polling'],
    ...['common', 'workflow', 'activity', 'client'],
  ],
  testing: [],
  'history-checker': ['core'],
};

/** Libraries that exist for tests: any test may import them, and nothing else may. */
const TEST_LIBRARIES = ['testing', 'history-checker'];

/** From top to bottom: a layer may import the layers after it, and itself where `LIBRARY_IMPORTS` allows it. */
const LAYERS = ['gateway', 'sdk', 'engine', 'adapter', 'contract', 'domain', 'foundation'];

/** Libraries whose code must give the same result everywhere: no packages, no Node.js, no clock, no randomness. */
const PURE_LIBRARIES = ['core', 'routing', 'common', 'workflow'];

const tag = (kind) => (name) => `${kind}:${name}`;

const layerConstraints = [
  ...['app', 'example'].map((layer) => ({
    sourceTag: `layer:${layer}`,
    onlyDependOnLibsWithTags: LAYERS.map(tag('layer')),
  })),
  ...LAYERS.map((layer, index) => ({
    sourceTag: `layer:${layer}`,
    onlyDependOnLibsWithTags: LAYERS.slice(index).map(tag('layer')),
  })),
];

const boundaries = ({ isTest }) => [
  'error',
  {
    allow: [],
    enforceBuildableLibDependency: true,
    // An integration test uses its own library as others do: by name, compiled.
    allowCircularSelfDependency: isTest,
    depConstraints: [
      ...layerConstraints,
      ...Object.entries(LIBRARY_IMPORTS).map(([library, imports]) => ({
        sourceTag: `lib:${library}`,
        onlyDependOnLibsWithTags: [...imports, ...(isTest ? TEST_LIBRARIES : [])].map(tag('lib')),
        ...(PURE_LIBRARIES.includes(library) && !isTest ? { bannedExternalImports: ['*'] } : {}),
      })),
    ],
  },
];

/** `eslint-disable` without ` -- reason` hides a decision from the reader. */
const habits = {
  rules: {
    'suppression-has-reason': {
      create: (context) => ({
        Program() {
          for (const comment of context.sourceCode.getAllComments()) {
            if (!/^\s*eslint-disable/.test(comment.value) || / -- \S/.test(comment.value)) continue;
            context.report({
              loc: comment.loc,
              message: 'Say why: `eslint-disable-next-line rule -- reason`.',
            });
          }
        },
      }),
    },
  },
};

const NO_DEFAULT_EXPORT = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name: a default export has as many names as importers.',
};
const NO_EXPORT_ALL = {
  selector: 'ExportAllDeclaration',
  message: 'List the exported names: a public entry is a decision, not an accident.',
};
const NO_CLOCK = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Pass the time in.' },
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'Pass the time in.',
  },
  {
    selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    message: 'Pass the randomness in.',
  },
];

export default defineConfig(
  // conformance/ has dependencies of its own, which are not installed where this runs.
  {
    ignores: [
      'conformance/',
      '**/dist/',
      '**/node_modules/',
      '**/coverage/',
      '**/tmp/',
      '.nx/',
      '**/.tidewheel/',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  { plugins: { habits }, rules: { 'habits/suppression-has-reason': 'error', eqeqeq: 'error' } },

  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@nx/enforce-module-boundaries': boundaries({ isTest: false }),
      'no-restricted-syntax': ['error', NO_DEFAULT_EXPORT, NO_EXPORT_ALL],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // The compiler already reports these.
      '@typescript-eslint/no-unused-vars': 'off',
      // `_exhaustive: never` and friends read better than the rewrites these rules ask for.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
    },
  },

  {
    files: PURE_LIBRARIES.map((library) => `libs/${library}/src/**/*.ts`),
    ignores: TEST_FILES,
    rules: {
      'no-restricted-syntax': ['error', NO_DEFAULT_EXPORT, NO_EXPORT_ALL, ...NO_CLOCK],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(node:|(fs|path|crypto|util|events|timers|os)(/|$))',
              message: 'This library runs without Node.js.',
            },
          ],
        },
      ],
    },
  },

  {
    files: TEST_FILES,
    rules: {
      '@nx/enforce-module-boundaries': boundaries({ isTest: true }),
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/require-await': 'off',
      // A test passes deliberately incomplete values on.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },

  {
    files: ['**/*.mjs', '**/*.cjs', '**/*.js'],
    languageOptions: { globals: globals.node },
    rules: { 'no-restricted-syntax': ['error', NO_EXPORT_ALL] },
  },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs' } },
);
