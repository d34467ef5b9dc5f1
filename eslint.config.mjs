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

const SWAGGER = {
  name: '@nestjs/swagger',
  message: 'It is slow to load. @atlas/platform has its decorators, which are loaded only when needed.',
  allowTypeImports: true,
};

/** The code that a tenant plane runs. */
const OF_THE_PLANE = [
  'apps/tenant-plane/src/**/*.ts',
  'libs/{deployment-profiles,jobs,persistence,plane-contract,platform}/src/**/*.ts',
  'libs/{service-auth,tenancy,tenant-api}/src/**/*.ts',
];
/**
 * The files that may open connections: the door, what only the door calls, and the database's connection. One
 * more runs the programs of the operating system that say which process listens on a port.
 */
const DOORS = [
  'apps/tenant-plane/src/{egress,outbound}/**',
  'libs/platform/src/mail/mailer.ts',
  'libs/platform/src/outbound/{outbound-network,pinned-request}.ts',
  'libs/platform/src/sign-on/{provider-fetch,public-addresses,relying-party}.ts',
  'libs/persistence/src/connection/postgres-connection.ts',
  'libs/platform/src/processes/processes.ts',
];
const THROUGH_THE_DOOR =
  'Calls leave a tenant plane only through apps/tenant-plane/src/egress. See docs/guides/residency.md.';
/** What these modules export that opens no connection. */
const HARMLESS = { http: ['STATUS_CODES'], net: ['BlockList', 'isIP', 'isIPv4', 'isIPv6'] };
const BUILT_IN = ['child_process', 'dgram', 'dns', 'dns/promises', 'http', 'http2', 'https', 'net', 'tls'];
const CLIENTS = ['axios', 'got', 'node-fetch', 'nodemailer', 'openid-client', 'undici', 'ws'];
const CLOSED_IMPORTS = [
  ...BUILT_IN.flatMap((name) => [
    { name, allowImportNames: HARMLESS[name] },
    { name: `node:${name}`, allowImportNames: HARMLESS[name] },
  ]),
  ...CLIENTS.map((name) => ({ name })),
].map((path) => ({ ...path, message: THROUGH_THE_DOOR, allowTypeImports: true }));
const CLOSED_NAMES = new RegExp(`^(node:)?(${[...BUILT_IN, ...CLIENTS].join('|').replace('/', '\\/')})$`);
const LOADED_LATE = [
  {
    selector: `ImportExpression[source.value=${CLOSED_NAMES}]`,
    message: THROUGH_THE_DOOR,
  },
  {
    selector: `CallExpression[callee.name='require'][arguments.0.value=${CLOSED_NAMES}]`,
    message: THROUGH_THE_DOOR,
  },
];
const sendersOf = (...importNames) => ({
  name: '@atlas/platform',
  importNames,
  message: THROUGH_THE_DOOR,
  allowTypeImports: true,
});
const closedImports = (...senders) => [
  'error',
  {
    paths: [SWAGGER, ...CLOSED_IMPORTS, ...senders],
    patterns: [{ group: ['**/outbound/outbound-http'], message: THROUGH_THE_DOOR, allowTypeImports: true }],
  },
];

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
      '@typescript-eslint/no-restricted-imports': ['error', { paths: [SWAGGER] }],
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
  {
    files: OF_THE_PLANE,
    ignores: ['**/*.spec.ts', ...DOORS],
    rules: {
      '@typescript-eslint/no-restricted-imports': closedImports(),
      'no-restricted-globals': [
        'error',
        ...['EventSource', 'WebSocket', 'fetch'].map((name) => ({ name, message: THROUGH_THE_DOOR })),
      ],
      'no-restricted-properties': [
        'error',
        ...['globalThis', 'global'].map((object) => ({
          object,
          property: 'fetch',
          message: THROUGH_THE_DOOR,
        })),
        { object: 'process', property: 'getBuiltinModule', message: THROUGH_THE_DOOR },
      ],
      'no-restricted-syntax': ['error', SPREAD_LITERAL, NAMED_MODEL, ...LOADED_LATE],
    },
  },
  {
    files: ['apps/tenant-plane/src/**/*.ts'],
    ignores: ['**/*.spec.ts', ...DOORS],
    rules: {
      '@typescript-eslint/no-restricted-imports': closedImports(
        sendersOf('Mailer', 'SingleSignOn', 'sendTo'),
      ),
    },
  },
  {
    // These files call the door first, or only ask whether the plane sends mail.
    files: [
      'apps/tenant-plane/src/mail/mails.ts',
      'apps/tenant-plane/src/credentials/reopened-access.ts',
      'apps/tenant-plane/src/installation/installed-plane.ts',
      'apps/tenant-plane/src/single-sign-on/tenant-sign-on.ts',
    ],
    rules: { '@typescript-eslint/no-restricted-imports': closedImports() },
  },
);
