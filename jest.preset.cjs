const { existsSync, readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');

// Published only as ES modules, which Jest on Node 20 cannot require. So swc compiles them to CommonJS first.
const ESM_ONLY = [
  '@nestjs/[^/]+',
  'content-disposition',
  'oidc-provider',
  'openid-client',
  'oauth4webapi',
  'jose',
  'file-type',
  'strtok3',
  'token-types',
  'uint8array-extras',
  '@tokenizer/inflate',
  '@borewit/text-codec',
  'load-esm',
  'age-encryption',
  '@noble/[^/]+',
  '@scure/base',
];

/** The source files that each library exports, according to its package.json. */
const LIBRARIES = Object.fromEntries(
  readdirSync(path.join(__dirname, 'libs')).flatMap((lib) => {
    const folder = path.join(__dirname, 'libs', lib);
    const manifest = path.join(folder, 'package.json');
    if (!existsSync(manifest)) return [];
    const { name, exports } = JSON.parse(readFileSync(manifest, 'utf8'));
    return Object.entries(exports).flatMap(([subpath, { types }]) =>
      types
        ? [[`^${name}${subpath.slice(1).replace('*', '(.*)')}$`, path.join(folder, types.replace('*', '$1'))]]
        : [],
    );
  }),
);

/**
 * A spec runs the `*.cases.ts` files of its folder in one suite. Named on the command line, as editors do,
 * such a file is a suite of its own.
 */
const SUITES = process.argv.some((argument) => argument.includes('.cases.ts')) ? ['spec', 'cases'] : ['spec'];

/**
 * A Jest project. `postgres: true` starts the shared Postgres server of the run before its tests. With
 * `quickPasswords: true`, code in the tests' own process hashes passwords at minimal cost.
 */
module.exports = (name, dir, { postgres = false, quickPasswords = false } = {}) => ({
  displayName: name,
  rootDir: dir,
  testEnvironment: path.join(__dirname, 'libs/testing/jest/own-realm.cjs'),
  cacheDirectory: path.join(__dirname, 'node_modules/.cache/jest'),
  setupFiles: ['reflect-metadata'],
  ...(postgres && {
    globalSetup: path.join(__dirname, 'libs/testing/jest/start-postgres.ts'),
    globalTeardown: path.join(__dirname, 'libs/testing/jest/stop-postgres.ts'),
  }),
  testMatch: SUITES.map((suite) => `**/{src,test}/**/*.${suite}.ts`),
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  transform: { '^.+\\.[cm]?[tj]s$': ['@swc/jest', { swcrc: true }] },
  transformIgnorePatterns: [`/node_modules/(?!(${ESM_ONLY.join('|')})/)`],
  moduleNameMapper: {
    ...(quickPasswords && {
      '^@node-rs/argon2$': path.join(__dirname, 'libs/testing/jest/quick-argon2.cjs'),
    }),
    ...LIBRARIES,
  },
});
