import { bodyOf } from '@atlas/web';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { api } from '../api';
import { type Runbook } from './runbook';

const PAGE = 50;

export function useRunbooks(isArchived: boolean) {
  const query = { limit: PAGE, ...(isArchived && { archived: 'true' as const }) };
  return useInfiniteQuery({
    queryKey: ['runbooks', 'list', query],
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(api.GET('/api/runbooks', { params: { query: { ...query, cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
}

function readRunbook(id: string, version?: number): Promise<Runbook> {
  return bodyOf(api.GET('/api/runbooks/{id}', { params: { path: { id }, query: { version } } }));
}

/** A runbook's current version. */
export function useRunbook(id: string) {
  return useQuery({
    queryKey: ['runbooks', 'one', id],
    queryFn: () => readRunbook(id),
    staleTime: 0,
  });
}

/** What one version said. */
export function useVersion(id: string, version: number | undefined) {
  return useQuery({
    queryKey: ['runbooks', 'version', id, version],
    queryFn: () => readRunbook(id, version),
    enabled: version !== undefined,
    // A version never changes.
    staleTime: Infinity,
  });
}
