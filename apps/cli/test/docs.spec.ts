import { PROFILES } from '@atlas/deployment-profiles';
import { leadsSomewhere, linksOf, pages, read } from './docs.fixture';

const SPIN_UP = 'docs/NEW_TENANT_SPIN_UP.md';
const STEPS = 'apps/control-plane/src/provisioning/steps';

describe.each(pages())('%s', (page) => {
  it('links to what there is', () => {
    expect(linksOf(page).filter((link) => !leadsSomewhere(link))).toEqual([]);
  });

  it('has something to say under each heading', () => {
    const lines = read(page)
      .replaceAll(/^```[^]*?^```/gm, 'code')
      .split('\n')
      .filter((line) => line !== '');
    const level = (line = '# '): number => /^#+(?= )/.exec(line)?.[0].length ?? Infinity;
    const isEmpty = (line: string, at: number): boolean =>
      level(line) < Infinity && level(lines[at + 1]) <= level(line);
    expect(lines.filter(isEmpty)).toEqual([]);
  });
});

describe('the map in README.md', () => {
  const map = linksOf('README.md');
  const own = pages().filter((page) => page.startsWith('docs/') && !page.startsWith('docs/adr/'));

  it.each(own)('leads to %s', (page) => {
    expect(map).toContain(page);
  });
});

describe.each(Object.values(PROFILES))('the profile $model', ({ guide, hints }) => {
  it('names guides that there are', () => {
    for (const { doc } of hints) expect(doc).toBe(guide.doc);
    expect(read(guide.doc.replace(/^\/help\/(.*)$/, 'docs/guides/$1.md'))).toMatch(
      new RegExp(`^# ${guide.title}\n`),
    );
  });
});

describe.each(['shared', 'dedicated'] as const)(`${SPIN_UP} on %s`, (model) => {
  const title = model === 'shared' ? '## Shared' : '## Dedicated';
  const section = read(SPIN_UP).split(`\n${title}\n`)[1]?.split('\n## ')[0] ?? '';

  it('has every step in its order, each with a link to its file', () => {
    const rows = [...section.matchAll(/^\| (\d+) +\| \[`([a-z-]+)`\]\(\.\.\/(\S+)\)/gm)];
    const steps = PROFILES[model].provisioning.steps;
    expect(rows.map(([, number, name, file]) => [number, name, file])).toEqual(
      steps.map((name, index) => [String(index + 1), name, `${STEPS}/${name}.step.ts`]),
    );
  });
});

describe.each(pages())('the commands of %s', (page) => {
  /** Fenced and inline. */
  const snippets = [...read(page).matchAll(/^ *```sh\n([^]*?)^ *```|`([^`\n]+)`/gm)].map(
    ([, block, inline]) => block ?? inline ?? '',
  );
  const writes = /(^| )>>? ?[\w./-]+\.\w+|\bpg_dump .*-f |\btar -c\S* .*\.env/m;

  it('write what may hold secrets for nobody else to read', () => {
    const open = snippets.filter((text) => {
      const at = writes.exec(text)?.index;
      return at !== undefined && !text.slice(0, at + 1).includes('umask 077');
    });
    expect(open).toEqual([]);
  });
});
