import { type Fixture } from './fixtures/fixture';
import { FIXTURES } from './fixtures/fixtures';

/** Calls a tenant plane on behalf of a party: GET, or POST with a body. */
export type Ask = <T>(path: string, body?: object) => Promise<T>;

type Listed = { readonly items: readonly { readonly id: string }[] };

/**
 * Creates two objects of each kind, so that a page that starts after the newer object is not empty. Each
 * object contains `word`.
 */
export async function makeThings(ask: Ask, word: string): Promise<void> {
  const served = await fixturesServed(ask);
  for (let count = 0; count < 2; count += 1) for (const { path, body } of served) await ask(path, body(word));
}

/** The id of the newest object of each kind. For users, it is the caller's id. */
export async function subjectsOf(ask: Ask): Promise<Record<string, string>> {
  const { user } = await ask<{ user: { id: string } }>('/api/auth/me');
  const subjects: Record<string, string> = { user: user.id };
  for (const { thing, path } of [
    ...(await fixturesServed(ask)),
    { thing: 'auditEvent', path: '/api/audit' },
  ]) {
    const [newest] = (await ask<Listed>(`${path}?limit=1`)).items;
    if (newest) subjects[thing] = newest.id;
  }
  return subjects;
}

/** The fixtures for the features that the plane's version supports. */
async function fixturesServed(ask: Ask): Promise<Fixture[]> {
  const { paths } = await ask<{ paths: object }>('/openapi.json');
  return FIXTURES.filter(({ path }) => path in paths);
}
