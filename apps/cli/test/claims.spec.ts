import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PROFILES } from '@atlas/deployment-profiles';
import { falseClaimsOf, falseClaimsOfText, falseRowsOf, helpPages } from './claims.fixture';
import { ROOT, pages, read } from './docs.fixture';

/** Folders of source code whose messages name API calls and commands. */
const TELLING = ['apps/control-plane/src', 'apps/tenant-plane/src', 'apps/cli/src', 'libs/platform/src'];
const GUIDES = pages().filter((page) => !page.startsWith('docs/asvs'));

describe.each(GUIDES)('%s', (page) => {
  it('names only existing routes, commands, variables and files', () => {
    expect(falseClaimsOf(read(page))).toEqual([]);
  });
});

describe.each([
  ['docs/guides/atlas-cli.md', 'atlas', '`job <id>`'],
  ['docs/guides/tenant-cli.md', 'atlas-tp', '`runs watch <id>`'],
])('the table of %s', (page, program, row) => {
  const [, table = ''] = /\n## Commands\n([^]*?)\n## /.exec(read(page)) ?? [];

  it('names only existing commands and options', () => {
    expect(table).toContain(row);
    expect(falseRowsOf(table, program)).toEqual([]);
  });
});

describe.each(Object.values(PROFILES))('the profile $model', (profile) => {
  it('names only existing routes, commands and variables', () => {
    const texts = textsIn(profile).filter((text) => !text.startsWith('/help/'));
    expect(texts.length).toBeGreaterThan(30);
    expect(texts.flatMap(falseClaimsOfText)).toEqual([]);
  });

  it('links to a guide that is served', () => {
    expect(helpPages()).toContain(profile.guide.doc);
  });
});

describe.each(TELLING)('every call named in %s', (folder) => {
  it('exists', () => {
    const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'),
    );
    const claims = files.flatMap((file) => {
      const said = read(join(folder, file)).matchAll(/\b(?:GET|POST|PUT|PATCH|DELETE) \/[\w/<>${}().:-]+/g);
      return [...said].flatMap(([claim]) => falseClaimsOfText(plain(claim)).map((one) => [file, one]));
    });
    expect(claims).toEqual([]);
  });
});

describe('a false claim', () => {
  it.each([
    ['a route', 'Ask `GET /api/nothing/at/all`.', 'route: GET /api/nothing/at/all'],
    ['a method of a route', 'Send `PUT /api/incidents`.', 'route: PUT /api/incidents'],
    ['a route in prose', 'See /api/no-contract for that.', 'route: any /api/no-contract'],
    [
      'a call in a script',
      '```sh\napi /api/tenants/$id/nothing -d "{}"\n```',
      'route: POST /api/tenants/$id/nothing',
    ],
    ['a URL', '```sh\ncurl https://x.example/api/nothing\n```', 'route: GET /api/nothing'],
    ['a command', 'Run `npx atlas conjure acme`.', 'command: npx atlas conjure acme'],
    ['an option', '```sh\nnpx atlas drain cell --softly\n```', 'command: npx atlas drain cell --softly'],
    ['an atlas-tp command', '```sh\nnpx atlas-tp clone\n```', 'command: npx atlas-tp clone'],
    ['a script', '`npm run nothing`', 'command: npm run nothing'],
    ['a proof', '`npx nx run qa:nothing`', 'command: nx run qa:nothing'],
    ['a variable', 'Set `ATLAS_NO_SUCH_THING=1`.', 'variable: ATLAS_NO_SUCH_THING'],
    ['a variable in a file', '```ini\nATLAS_NO_SUCH_THING=1\n```', 'variable: ATLAS_NO_SUCH_THING'],
    ['a document', 'It is in `docs/guides/nothing.md`.', 'file: docs/guides/nothing.md'],
  ])('is detected if it concerns %s', (_, text, claim) => {
    expect(falseClaimsOf(text)).toEqual([claim]);
  });

  it('is detected in plain text and in a table row', () => {
    const text = 'Set ATLAS_NO_SUCH_THING, then GET /api/nothing and npx atlas conjure.';
    expect(falseClaimsOfText(text)).toEqual([
      'route: GET /api/nothing',
      'command: npx atlas conjure.',
      'variable: ATLAS_NO_SUCH_THING',
    ]);
    expect(falseRowsOf('| `tenants [--softly]` · `conjure` | what |')).toHaveLength(2);
  });
});

/** The claim with `<…>` in place of template expressions. */
function plain(claim: string): string {
  return claim.replaceAll(/\$\{[^}]*\}/g, '<it>').replaceAll(/[).:]+$/g, '');
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
