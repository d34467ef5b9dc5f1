import { bodyOf } from '@atlas/web';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { api } from '../api';
import { type Plane } from './types';

const PAGE = 500;
/** The fleet has thousands of planes at most. */
const MOST_PAGES = 10;

/** All tenant planes. */
export const fleet = queryOptions({
  queryKey: ['planes'],
  queryFn: async () => {
    const planes: Plane[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page++) {
      const query = { limit: PAGE, ...(cursor !== undefined && { cursor }) };
      const { items, next_cursor } = await bodyOf(api.GET('/api/tenant-planes', { params: { query } }));
      planes.push(...items);
      if (next_cursor === null) break;
      cursor = next_cursor;
    }
    return planes;
  },
  refetchInterval: 30_000,
});

function onePlane(id: string | null) {
  return queryOptions({
    queryKey: ['planes', id],
    queryFn: () => bodyOf(api.GET('/api/tenant-planes/{id}', { params: { path: { id: id ?? '' } } })),
  });
}

/** A plane, for lists that name many. Only one that is newer than the known fleet is asked for by itself. */
export function useFleetPlane(id: string): Plane | undefined {
  const { data } = useQuery(fleet);
  const known = data?.find((plane) => plane.id === id);
  const { data: single } = useQuery({
    ...onePlane(id),
    enabled: data !== undefined && known === undefined,
  });
  return known ?? single;
}

/** One plane, for its own page and that of its tenant. */
export function usePlane(id: string | null) {
  return useQuery({ ...onePlane(id), enabled: id !== null, refetchInterval: 10_000 });
}

/** What its version's badge says. */
export function versionStateOf({ version_class: known, version_is_newer: isNewer }: Plane): string {
  if (known === 'unsupported') return isNewer ? 'version_too_new' : 'version_unsupported';
  return known ?? 'unknown';
}

/** How many changes to its tenants the plane has not applied yet, in words. */
export function lagOf({ revision, revision_applied: applied }: Plane): string {
  if (applied === null) return '–';
  const number = Number(applied.split('.').at(-1));
  const lag = revision - number;
  return lag <= 0 ? 'All' : lag === 1 ? 'All but the last' : `All but the last ${lag}`;
}

export const CHECK_NAMES: { readonly [Name in Plane['health_checks'][number]['name']]: string } = {
  database: 'Database',
  disk: 'Disk',
  queue: 'Mail',
  clock: 'Clock',
  link: 'Link to here',
  key: 'Private key',
  secrets: 'Tenants’ secrets',
};

const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

/** What a check found, with its times as people write them. */
export function withTimes(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (time) => exact.format(new Date(time)));
}
