import { type TenantPlaneSchemas, bodyOf } from '@atlas/web';
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, every } from '../api';

type Schemas = TenantPlaneSchemas['schemas'];
export type Slo = Schemas['SloView'];
export type SloStatus = Schemas['SloStatusView'];
export type SloState = Schemas['SloState'];
export type BurnRate = Schemas['BurnRateView'];
export type NewSlo = Schemas['CreateSloDto'];
export type SloChange = Schemas['UpdateSloDto'];

export const WINDOWS: readonly Slo['window_days'][] = [7, 28, 30, 90];

const PAGE = 50;
const LIST_REFRESH_MS = 60_000;
const REFRESH_MS = 30_000;

export interface SloSearch {
  readonly service?: string;
  readonly ci_id?: string;
}

const ORDER: readonly (SloState | undefined)[] = ['exhausted', 'burning', 'no_data', 'ok', undefined];

/** The objectives, those in need first. */
export function sloPages({ service, ci_id }: SloSearch) {
  const query = { limit: PAGE, service, ci_id, include: 'status' } as const;
  return infiniteQueryOptions({
    queryKey: ['slos', 'list', query],
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(api.GET('/api/slos', { params: { query: { ...query, cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: every(LIST_REFRESH_MS),
    select: ({ pages }) => ({ pages: [{ items: pages.flatMap(({ items }) => items).sort(byNeed) }] }),
  });
}

function byNeed(one: Slo, other: Slo): number {
  return ORDER.indexOf(one.status?.state) - ORDER.indexOf(other.status?.state);
}

export function oneSlo(id: string) {
  return queryOptions({
    queryKey: ['slos', 'one', id],
    queryFn: () => bodyOf(api.GET('/api/slos/{id}', { params: { path: { id } } })),
    refetchInterval: every(REFRESH_MS),
  });
}

export function sloStatus(id: string) {
  return queryOptions({
    queryKey: ['slos', 'status', id],
    queryFn: () => bodyOf(api.GET('/api/slos/{id}/status', { params: { path: { id } } })),
    refetchInterval: every(REFRESH_MS),
  });
}
