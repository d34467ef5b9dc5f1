import { readdirSync } from 'node:fs';
import nx from '@nx/eslint-plugin';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** Libraries import only the lower libraries listed here, and apps never import each other. */
const only = (sourceTag, ...tags) => ({ sourceTag, onlyDependOnLibsWithTags: tags });

const SPREAD_LITERAL = {
  selector: 'SpreadElement > :matches(ObjectExpression, ArrayExpression).argument',
  message: 'List the members instead of spreading a literal.',
};
const MODELS = readdirSync(new URL('libs/deployment-profiles/src/profiles', import.meta.url))
  .map((file) => file.replace('.profile.ts', '').replaceAll('-', '_'))
  .join('|');
const NAMED_MODEL = {
  selector: `:matches(BinaryExpression[operator=/^[!=]==$/], SwitchCase) > Literal[value=/^(${MODELS})$/]`,
  message: "Use a fact from the deployment model's profile instead of comparing its name.",
};

export default tseslint.config(
  { ignores: ['**/dist', '**/*.{cjs,mjs}', '**/node_modules'] },
  ...tseslint.configs.strict,
  {
    files: ['**/*.ts', '**/*.tsx'],
    plugins: { '@nx': nx },
    // Constructor parameter types are read at run time, so their imports must not be type imports.
    languageOptions: { parserOptions: { emitDecoratorMetadata: true, experimentalDecorators: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: true,
          allow: [],
          depConstraints: [
            only('type:app', 'type:lib'),
            only('lib:tenancy'),
            only('lib:deployment-profiles', 'lib:tenancy'),
            only('lib:plane-contract', 'lib:tenancy', 'lib:deployment-profiles', 'lib:platform'),
            only('lib:platform'),
            only('lib:isolation'),
            only('lib:persistence', 'lib:platform', 'lib:testing'),
            only('lib:jobs', 'lib:tenancy', 'lib:platform', 'lib:persistence', 'lib:testing'),
            only(
              'lib:operator-api',
              'lib:tenancy',
              'lib:deployment-profiles',
              'lib:platform',
              'lib:persistence',
              'lib:plane-contract',
              'lib:jobs',
            ),
            only('lib:openapi', 'lib:platform'),
            only('lib:tenant-api', 'lib:tenancy', 'lib:deployment-profiles', 'lib:platform'),
            only('lib:service-auth', 'lib:platform', 'lib:testing'),
            only('lib:testing', 'lib:platform'),
            only('lib:tooling', 'lib:platform', 'lib:testing'),
            only('lib:web'),
          ],
        },
      ],
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: '@nestjs/swagger',
              message:
                'It is slow to load. @atlas/platform has its decorators, which are loaded only when needed.',
              allowTypeImports: true,
            },
          ],
        },
      ],
      'no-console': 'error',
      'no-restricted-syntax': ['error', SPREAD_LITERAL],
    },
  },
  {
    files: ['**/*.tsx', 'libs/web/**/*.ts'],
    ...reactHooks.configs.flat.recommended,
    rules: {
      ...reactHooks.configs.flat.recommended.rules,
      // About the React compiler, which is not used.
      'react-hooks/incompatible-library': 'off',
    },
  },
  {
    files: ['{apps,libs}/*/src/**/*.ts'],
    ignores: ['**/*.spec.ts', 'apps/qa/**'],
    rules: { 'no-restricted-syntax': ['error', SPREAD_LITERAL, NAMED_MODEL] },
  },
);
