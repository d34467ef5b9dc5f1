import { type Subject } from './party';

/** Calls a tenant plane on behalf of a party: GET, or POST with a body. */
export type Ask = <T>(path: string, body?: object) => Promise<T>;

type Listed = { readonly items: readonly { readonly id: string }[] };

/**
 * Creates two of each kind of thing, with `word` in it, so that the second works as a cursor before the
 * first.
 */
export async function makeThings(ask: Ask, word: string): Promise<void> {
  for (let count = 0; count < 2; count += 1) {
    await ask('/api/incidents', { title: word, description: word, severity: 'P5' });
    await ask('/api/cmdb/items', { name: word, type: 'probe', attributes: { word } });
  }
}

/** Lists whose first item is the newest of its kind. */
const LISTS: Readonly<Record<Exclude<Subject, 'user'>, string>> = {
  incident: '/api/incidents?limit=1',
  configurationItem: '/api/cmdb/items?limit=1',
  auditEvent: '/api/audit?limit=1',
};

export async function subjectsOf(ask: Ask): Promise<Partial<Record<Subject, string>>> {
  const { user } = await ask<{ user: { id: string } }>('/api/auth/me');
  const subjects: Partial<Record<Subject, string>> = { user: user.id };
  for (const [subject, path] of Object.entries(LISTS)) {
    const [newest] = (await ask<Listed>(path)).items;
    if (newest) subjects[subject as Subject] = newest.id;
  }
  return subjects;
}
