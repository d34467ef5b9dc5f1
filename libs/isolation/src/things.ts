import { type Fixture, olderOf } from './fixtures/fixture';
import { FIXTURES } from './fixtures/fixtures';

/** Calls a tenant plane on behalf of a party: GET, or POST with a body. */
export type Ask = <T>(path: string, body?: object) => Promise<T>;

interface Thing {
  readonly id: string;
  /** Set if a program authenticates with a key that belongs to the object. */
  readonly key?: string;
}

/**
 * Creates two objects of each kind, so that a page that starts after the newer object is not empty, and then
 * the objects that connect them. Each object contains `word`, unless it contains no text.
 */
export async function makeThings(ask: Ask, word: string): Promise<void> {
  const served = await fixturesServed(ask);
  const subjects: Record<string, string> = {};
  const keys: Record<string, string> = {};
  for (let count = 0; count < 2; count += 1)
    for (const { thing, path, body } of served) {
      const older = subjects[thing];
      if (older !== undefined) subjects[olderOf(thing)] = older;
      const { id, key } = await ask<Thing>(path, body(word));
      subjects[thing] = id;
      if (key !== undefined) keys[thing] = key;
    }
  for (const [name, { makes, body, keyOf = '' }] of furtherRoutes(served))
    if (makes) await ask(pathIn(name).replace(':key', keys[keyOf] ?? ''), body?.({ subjects }, word));
}

/** The ids of the two newest objects of each kind. For users, it is the caller's id. */
export async function subjectsOf(ask: Ask): Promise<Record<string, string>> {
  const { user } = await ask<{ user: { id: string } }>('/api/auth/me');
  const subjects: Record<string, string> = { user: user.id };
  const served = await fixturesServed(ask);
  const further = furtherRoutes(served).flatMap(([name, { lists }]) =>
    lists === undefined ? [] : [{ thing: lists, path: pathIn(name) }],
  );
  for (const { thing, path } of [...served, ...further, { thing: 'auditEvent', path: '/api/audit' }]) {
    const [newest, older] = (await ask<{ items: readonly Thing[] }>(`${path}?limit=2`)).items;
    if (newest) subjects[thing] = newest.id;
    if (older) subjects[olderOf(thing)] = older.id;
  }
  return subjects;
}

function furtherRoutes(fixtures: readonly Fixture[]) {
  return fixtures.flatMap(({ routes = {} }) => Object.entries(routes));
}

function pathIn(routeName: string): string {
  return routeName.split(' ')[1] ?? '';
}

/** The fixtures for the features that the plane's version supports. */
async function fixturesServed(ask: Ask): Promise<Fixture[]> {
  const { paths } = await ask<{ paths: object }>('/openapi.json');
  return FIXTURES.filter(({ path }) => path in paths);
}
