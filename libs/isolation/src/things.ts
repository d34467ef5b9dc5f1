import { type Subject } from './party';

/** Calls a tenant plane in the name of a party: GET, or POST with a body. */
export type Ask = <T>(path: string, body?: object) => Promise<T>;

type Listed = { readonly items: readonly { readonly id: string }[] };

/** Makes two of each thing that users make, with `word` in it: behind the second, as a cursor, stands the first. */
export async function makeThings(ask: Ask, word: string): Promise<void> {
  for (let count = 0; count < 2; count += 1) {
    await ask('/api/incidents', { title: word, description: word, severity: 'P5' });
    await ask('/api/cmdb/items', { name: word, type: 'probe', attributes: { word } });
  }
}

/** Where the newest of each is found. */
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
