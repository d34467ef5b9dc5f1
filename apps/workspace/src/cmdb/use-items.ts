import { useDebouncedValue } from '@mantine/hooks';
import { type Versioned, bodyOf, useCarefulSave, versionedOf } from '@atlas/web';
import {
  keepPreviousData,
  queryOptions,
  useInfiniteQuery,
  useQueries,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { api, every } from '../api';
import { type Item, type ItemChange, LONGEST_SEARCH } from './item';
import { type ItemSearch } from './item-search';

const PAGE = 50;
const MOST_IDS = 100;
const TYPING_MS = 300;
const LIST_REFRESH_MS = 30_000;
const ITEM_REFRESH_MS = 15_000;
const STALE_MS = 60_000;

/** The same key as on the incident pages. */
export const itemKey = (id: string) => ['items', 'one', id] as const;

export function useItemPages({ archived, state, ...filters }: ItemSearch) {
  const query = { ...filters, status: state, limit: PAGE, archived: archived && ('true' as const) };
  return useInfiniteQuery({
    queryKey: ['items', 'list', query],
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(api.GET('/api/cmdb/items', { params: { query: { ...query, cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor: next }) => next ?? undefined,
    // Each page is fetched again.
    refetchInterval: ({ state: { data } }) => every(LIST_REFRESH_MS * (data?.pages.length ?? 1))(),
  });
}

const getItem = (id: string) => api.GET('/api/cmdb/items/{id}', { params: { path: { id } } });

/** What a form is filled from. */
export const readItem = (id: string): Promise<Versioned<Item>> => versionedOf(getItem(id));

export function itemQuery(id: string) {
  return queryOptions({ queryKey: itemKey(id), queryFn: () => bodyOf(getItem(id)) });
}

export function useItem(id: string) {
  return useQuery({ ...itemQuery(id), refetchInterval: every(ITEM_REFRESH_MS) });
}

/** The types that the newest items have. */
export function useTypes(): string[] {
  const { data } = useQuery({
    queryKey: ['items', 'choice'],
    queryFn: () => bodyOf(api.GET('/api/cmdb/items', { params: { query: { limit: 200 } } })),
    staleTime: STALE_MS,
  });
  return [...new Set(data?.items.map(({ type }) => type))].sort();
}

/** Items by their ids. */
export function useItemsById(ids: readonly string[]): ReadonlyMap<string, Item> {
  const all = [...new Set(ids)].sort();
  const parts = Array.from({ length: Math.ceil(all.length / MOST_IDS) }, (_, index) =>
    all.slice(MOST_IDS * index, MOST_IDS * (index + 1)),
  );
  const answers = useQueries({
    queries: parts.map((part) => ({
      queryKey: ['items', 'named', part],
      queryFn: () =>
        bodyOf(api.GET('/api/cmdb/items', { params: { query: { ids: part, limit: MOST_IDS } } })),
      staleTime: STALE_MS,
      placeholderData: keepPreviousData,
    })),
  });
  return new Map(answers.flatMap(({ data }) => data?.items ?? []).map((item) => [item.id, item]));
}

/** The items whose name or key contains a text, up to 50. */
export function useFoundItems(text: string) {
  const wanted = text.trim().slice(0, LONGEST_SEARCH);
  const [q] = useDebouncedValue(wanted, TYPING_MS);
  const query = { limit: PAGE, ...(q !== '' && { q }) };
  const { data, isError, isFetching } = useQuery({
    queryKey: ['items', 'found', query],
    queryFn: () => bodyOf(api.GET('/api/cmdb/items', { params: { query } })),
    placeholderData: keepPreviousData,
  });
  return { data, isError, isLooking: isFetching || q !== wanted };
}

/** Changes an item, unless somebody else has changed it since the form was filled. */
export function useChangeItem(first: Versioned<Item>, shownOf: (item: Item) => unknown, onSaved: () => void) {
  const { id } = first.stored;
  const queries = useQueryClient();
  return useCarefulSave({
    first,
    shownOf,
    save: (body: ItemChange, header) =>
      versionedOf(api.PATCH('/api/cmdb/items/{id}', { params: { path: { id }, header }, body })),
    keep: (item) => {
      void queries.invalidateQueries({ queryKey: ['items'] });
      queries.setQueryData(itemKey(id), item);
    },
    onSaved,
  });
}
