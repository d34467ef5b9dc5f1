import {
  CELL_DRAIN_STEPS,
  CELL_MODELS,
  CREATED_MODELS,
  DEPLOYMENT_MODELS,
  LIFECYCLE_OPERATIONS,
  PROFILES,
  REOPENING_STEPS,
  ROTATION_MODES,
  SECRET_ROTATION_STEPS,
  UPGRADE_STEPS,
  UPGRADE_WAVE_STEPS,
  WARM_POOL_STEPS,
  OUTAGE_CAPABILITIES,
  modelsWhere,
  outageSteps,
} from '@atlas/deployment-profiles';
import { ENTITLEMENTS_OF_PLANS, LIMITS, PLANS } from '@atlas/tenancy';
import { leadsSomewhere, linksOf, pages, read } from './docs.fixture';

const SPIN_UP = 'docs/NEW_TENANT_SPIN_UP.md';
const OPERATIONS = 'docs/guides/operations.md';

const sourceOf = (doc: string): string => doc.replace(/^\/help\/(.*)$/, 'docs/guides/$1.md');

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
  // Each profile links to the guide for its model.
  const guides = Object.values(PROFILES).map(({ guide }) => sourceOf(guide.doc));
  const own = pages().filter((page) => /^docs\/(?!adr\/)/.test(page) && !guides.includes(page));

  it.each(own)('links to %s', (page) => {
    expect(map).toContain(page);
  });
});

describe.each(Object.values(PROFILES))('the profile $model', ({ guide }) => {
  it('names a guide that exists', () => {
    expect(read(sourceOf(guide.doc))).toMatch(new RegExp(`^# ${guide.title}\n`));
  });
});

/** The cells of each row of a page's tables. */
const rowsOf = (page: string): string[][] =>
  [...read(page).matchAll(/^\| (.+) \|$/gm)].map(([, row = '']) => row.split('|').map((cell) => cell.trim()));

describe('docs/guides/outages.md', () => {
  it.each(Object.values(PROFILES))('shows the contract of $model', ({ outageContract }) => {
    const rows = outageContract.map((promise) => [
      OUTAGE_CAPABILITIES[promise.capability],
      ...outageSteps(promise).map(({ behaviour }) => behaviour),
    ]);
    expect(rowsOf('docs/guides/outages.md')).toEqual(expect.arrayContaining(rows));
  });
});

describe('docs/guides/plans.md', () => {
  it('shows the limits of the plans', () => {
    const shown = rowsOf('docs/guides/plans.md').map(([, ...cells]) => cells);
    const limits = LIMITS.map((limit) =>
      PLANS.map((plan) => String(ENTITLEMENTS_OF_PLANS[plan].limits[limit])),
    );
    expect(shown).toEqual(expect.arrayContaining([[...PLANS], ...limits]));
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

/** The names in the first column of a table, such as the steps of an operation. */
const stepsIn = (text: string): string[] =>
  [...text.matchAll(/^\|(?: \d+ +\|)? `([a-z-]+)` +\|/gm)].map(([, name = '']) => name);

/** What the pages call the models whose operations have the same steps. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  'every model': DEPLOYMENT_MODELS,
  shared: CELL_MODELS,
  dedicated: CREATED_MODELS,
  "customer's plane": modelsWhere(({ installRequired }) => installRequired),
};

/** The steps by operation and model, from list items such as "- `move` (shared): `first-step` → …". */
const sequencesIn = (page: string): Record<string, string[]> => {
  const listed = [...read(page).matchAll(/^- `(\w+)` \((.+)\): (.+(?:\n {2}.+)*)/gm)];
  const found = listed.flatMap(([, operation = '', labels = '', steps = '']) =>
    labels
      .split(', ')
      .flatMap((label) => KINDS[label] ?? [label])
      .map((label) => [
        `${operation} (${label})`,
        [...steps.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name),
      ]),
  );
  expect(new Set(found.map(([label]) => label)).size).toBe(found.length);
  return Object.fromEntries(found);
};

describe(SPIN_UP, () => {
  it.each([
    ...CELL_MODELS.map((model) => [model, '## Shared'] as const),
    ...CREATED_MODELS.map((model) => [model, '## Dedicated'] as const),
  ])('lists the steps for %s in order', (model, title) => {
    const section = read(SPIN_UP).split(`\n${title}\n`)[1]?.split('\n## ')[0] ?? '';
    expect(stepsIn(section)).toEqual(PROFILES[model].provisioning.steps);
  });

  it('lists the steps in order for models whose plane the customer installs', () => {
    const models = Object.values(PROFILES).filter(({ installRequired }) => installRequired);
    const steps = models.map(({ model, provisioning }) => [`provision (${model})`, provisioning.steps]);
    expect(sequencesIn(SPIN_UP)).toEqual(Object.fromEntries(steps));
  });

  it('describes each step', () => {
    const steps = Object.values(PROFILES).flatMap(({ provisioning }) => provisioning.steps);
    expect(new Set(stepsIn(read(SPIN_UP)))).toEqual(new Set(steps));
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
    ...CREATED_MODELS.map((model) => [`upgrade_wave (${model})`, UPGRADE_WAVE_STEPS] as const),
    ...CELL_MODELS.map((model) => [`drain (${model})`, CELL_DRAIN_STEPS] as const),
    ...CREATED_MODELS.flatMap((model) =>
      Object.entries(WARM_POOL_STEPS).map(([name, steps]) => [`${name} (${model})`, steps] as const),
    ),
  ]);

  it('lists the steps of every operation in order', () => {
    expect(sequencesIn(OPERATIONS)).toEqual(Object.fromEntries(sequences));
  });

  it('describes every step outside provisioning exactly once', () => {
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

  it('set umask 077 before they write a file that may contain secrets', () => {
    const open = snippets.filter((text) => {
      const at = writes.exec(text)?.index;
      return at !== undefined && !text.slice(0, at + 1).includes('umask 077');
    });
    expect(open).toEqual([]);
  });
});
