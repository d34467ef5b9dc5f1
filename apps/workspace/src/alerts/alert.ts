import { type TenantPlaneSchemas, bodyOf, oneOf, textOf } from '@atlas/web';
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, every } from '../api';

type Schemas = TenantPlaneSchemas['schemas'];
export type Alert = Schemas['AlertView'];

export const ALERT_VIEWS = ['firing', 'resolved', 'all'] as const;
type AlertView = (typeof ALERT_VIEWS)[number];

/** What the address of the list says. */
export interface AlertSearch {
  readonly show?: AlertView;
  readonly source_id?: string;
  readonly incident_id?: string;
}

export function alertSearchOf(search: Readonly<Record<string, unknown>>): AlertSearch {
  return {
    show: oneOf(ALERT_VIEWS, search['show']),
    source_id: textOf(search['source_id']),
    incident_id: textOf(search['incident_id']),
  };
}

const PAGE = 50;
const REFRESH_MS = 10_000;
/** A list of several pages is refreshed less often, because each is fetched again. */
const SLOW_REFRESH_MS = 60_000;

export function alertPages({ show = 'firing', source_id, incident_id }: AlertSearch) {
  const query = { limit: PAGE, source_id, incident_id, status: show === 'all' ? undefined : show };
  return infiniteQueryOptions({
    queryKey: ['alerts', 'list', query],
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(api.GET('/api/alerts', { params: { query: { ...query, cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: ({ state: { data } }) =>
      every((data?.pages.length ?? 0) > 1 ? SLOW_REFRESH_MS : REFRESH_MS)(),
  });
}

export function oneAlert(id: string) {
  return queryOptions({
    queryKey: ['alerts', 'one', id],
    queryFn: () => bodyOf(api.GET('/api/alerts/{id}', { params: { path: { id } } })),
    refetchInterval: every(REFRESH_MS),
  });
}

export function alertNameOf({ labels }: Alert): string {
  return labels['alertname'] || 'Alert without a name';
}

/** The alerts that belong to an incident. */
export function alertsOf(incidentId: string) {
  return infiniteQueryOptions({
    queryKey: ['alerts', 'of', incidentId],
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(api.GET('/api/alerts', { params: { query: { incident_id: incidentId, limit: PAGE, cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
}
