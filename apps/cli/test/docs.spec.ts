import {
  CELL_DRAIN_STEPS,
  LIFECYCLE_OPERATIONS,
  PROFILES,
  REOPENING_STEPS,
  ROTATION_MODES,
  SECRET_ROTATION_STEPS,
  UPGRADE_STEPS,
  UPGRADE_WAVE_STEPS,
} from '@atlas/deployment-profiles';
import { leadsSomewhere, linksOf, pages, read } from './docs.fixture';

const SPIN_UP = 'docs/NEW_TENANT_SPIN_UP.md';
const OPERATIONS = 'docs/guides/operations.md';

describe.each(pages())('%s', (page) => {
  it('has no broken links', () => {
    expect(linksOf(page).filter((link) => !leadsSomewhere(link))).toEqual([]);
  });

  it('has text under each heading', () => {
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
  const sourceOf = (doc: string): string => read(doc.replace(/^\/help\/(.*)$/, 'docs/guides/$1.md'));

  it('names guides that exist', () => {
    for (const { doc } of hints) expect(sourceOf(doc)).toMatch(/^# /);
    expect(sourceOf(guide.doc)).toMatch(new RegExp(`^# ${guide.title}\n`));
  });
});

describe('docs/glossary.md', () => {
  it('defines each term once, in alphabetical order', () => {
    const terms = [...read('docs/glossary.md').matchAll(/^- \*\*(.+?)\*\*: /gm)].map(([, term = '']) => term);
    const ordered = new Set([...terms].sort((one, other) => one.localeCompare(other, 'en')));
    expect(terms).toEqual([...ordered]);
    expect(terms.length).toBeGreaterThan(50);
  });
});

/** The first cells of a table's rows, such as the steps of an operation. */
const stepsIn = (text: string): string[] =>
  [...text.matchAll(/^\|(?: \d+ +\|)? `([a-z-]+)` +\|/gm)].map(([, name = '']) => name);

describe.each(['shared', 'dedicated'] as const)(`${SPIN_UP} on %s`, (model) => {
  const title = model === 'shared' ? '## Shared' : '## Dedicated';
  const section = read(SPIN_UP).split(`\n${title}\n`)[1]?.split('\n## ')[0] ?? '';

  it('has every step in its order', () => {
    expect(stepsIn(section)).toEqual(PROFILES[model].provisioning.steps);
  });
});

describe(OPERATIONS, () => {
  const models = Object.values(PROFILES);
  const sequences = new Map<string, readonly string[]>([
    ...models.flatMap(({ model, lifecycle }) =>
      LIFECYCLE_OPERATIONS.map((operation) => [`${operation} (${model})`, lifecycle[operation]] as const),
    ),
    ['move (back)', REOPENING_STEPS],
    ...ROTATION_MODES.map((mode) => [`rotate_secret (${mode})`, SECRET_ROTATION_STEPS[mode]] as const),
    ['upgrade (by_driver)', UPGRADE_STEPS.by_driver],
    ['upgrade (by_hand)', UPGRADE_STEPS.by_hand],
    ['upgrade_wave (dedicated)', UPGRADE_WAVE_STEPS],
    ['drain (shared)', CELL_DRAIN_STEPS],
  ]);

  it('has the steps of every operation in their order', () => {
    const every = models.map(({ model }) => model).join(', ');
    const listed = [...read(OPERATIONS).matchAll(/^- `(\w+)` \((.+)\): (.+(?:\n {2}.+)*)/gm)];
    const found = listed.flatMap(([, operation = '', labels = '', steps = '']) =>
      labels
        .replace('every model', every)
        .split(', ')
        .map((label) => [
          `${operation} (${label})`,
          [...steps.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name),
        ]),
    );
    expect(found).toHaveLength(sequences.size);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(sequences));
  });

  it('describes each step that is not part of provisioning, once', () => {
    const provisioning = models.flatMap((profile) => profile.provisioning.steps);
    const others = [...sequences.values()].flat().filter((name) => !provisioning.includes(name));
    expect(stepsIn(read(OPERATIONS)).sort()).toEqual([...new Set(others)].sort());
  });
});

describe.each(pages())('the commands of %s', (page) => {
  /** Fenced and inline commands. */
  const snippets = [...read(page).matchAll(/^ *```sh\n([^]*?)^ *```|`([^`\n]+)`/gm)].map(
    ([, block, inline]) => block ?? inline ?? '',
  );
  const writes = /(^| )>>? ?[\w./-]+\.\w+|\bpg_dump .*-f |\btar -c\S* .*\.env/m;

  it('write what may hold secrets so that only its owner can read it', () => {
    const open = snippets.filter((text) => {
      const at = writes.exec(text)?.index;
      return at !== undefined && !text.slice(0, at + 1).includes('umask 077');
    });
    expect(open).toEqual([]);
  });
});
