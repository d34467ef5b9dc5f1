import { type TenantPlaneSchemas, bodyOf } from '@atlas/web';
import { infiniteQueryOptions, queryOptions, useQuery } from '@tanstack/react-query';
import { api, every } from '../api';
import { useMay } from '../session';

type Schemas = TenantPlaneSchemas['schemas'];
export type Source = Schemas['DataSourceView'];
export type SourceWithKey = Schemas['DataSourceWithKeyView'];
export type SourceKind = Schemas['DataSourceKind'];
export type NewSource = Schemas['CreateDataSourceDto'];
export type SourceChange = Schemas['UpdateDataSourceDto'];

const REFRESH_MS = 10_000;
const STALE_MS = 60_000;

export const SOURCE_KINDS: readonly { readonly value: SourceKind; readonly label: string }[] = [
  { value: 'alertmanager', label: 'Alertmanager' },
  { value: 'generic', label: 'Any program that can send JSON' },
];

export function kindLabelOf(kind: SourceKind): string {
  return kind === 'alertmanager' ? 'Alertmanager' : 'Any program';
}

export const sourcePages = infiniteQueryOptions({
  queryKey: ['data-sources', 'list'],
  queryFn: ({ pageParam: cursor }) =>
    bodyOf(api.GET('/api/data-sources', { params: { query: { limit: 50, cursor } } })),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.next_cursor ?? undefined,
  refetchInterval: every(REFRESH_MS),
});

export function oneSource(id: string, refreshMs = REFRESH_MS) {
  return queryOptions({
    queryKey: ['data-sources', 'one', id],
    queryFn: () => bodyOf(api.GET('/api/data-sources/{id}', { params: { path: { id } } })),
    refetchInterval: every(refreshMs),
  });
}

/** The data sources. Only operators can read them. */
export function useSources() {
  return useQuery({
    queryKey: ['data-sources', 'all'],
    queryFn: () => bodyOf(api.GET('/api/data-sources', { params: { query: { limit: 200 } } })),
    enabled: useMay('operator'),
    staleTime: STALE_MS,
  });
}
