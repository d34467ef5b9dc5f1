import { type TenantPlaneSchemas, bodyOf } from '@atlas/web';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { api } from './api';
import { useMay, useUser } from './session';

export type Person = TenantPlaneSchemas['schemas']['PersonView'];

const STALE_MS = 60_000;
const PAGE = 200;
/** Tenants have hundreds of users at most. */
const MOST_PAGES = 10;

const people = queryOptions({
  queryKey: ['people'],
  queryFn: async () => {
    const found: Person[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = { limit: PAGE, cursor };
      const { items, next_cursor } = await bodyOf(api.GET('/api/people', { params: { query } }));
      found.push(...items);
      if (next_cursor === null) break;
      cursor = next_cursor;
    }
    return found;
  },
  staleTime: STALE_MS,
});

/** The users of the tenant. Requesters get none. */
export function usePeople(): readonly Person[] {
  const isFulfiller = useMay('fulfiller');
  const { data = [] } = useQuery({ ...people, enabled: isFulfiller });
  return data;
}

/** Those to whom an incident can be given. */
export function useAssignees(): readonly Person[] {
  return usePeople().filter(({ role, active }) => role !== 'requester' && active);
}

/** Names users by their ids. */
export function useNames(): (id: string) => string {
  const self = useUser();
  const all = usePeople();
  return (id) => (id === self.id ? 'You' : (all.find((one) => one.id === id)?.name ?? 'A colleague'));
}

/** The same, for the middle of a sentence. */
export function useNamesInside(): (id: string) => string {
  const nameOf = useNames();
  return (id) => nameOf(id).replace(/^(You|A colleague)$/, (text) => text.toLowerCase());
}

/** A user's name, for a cell of a table. */
export function PersonName({ id }: { readonly id: string }): string {
  return useNames()(id);
}
