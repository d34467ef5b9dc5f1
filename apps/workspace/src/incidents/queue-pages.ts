import { bodyOf } from '@atlas/web';
import { queryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { api, every } from '../api';
import { useUser } from '../session';
import { type QueueSearch } from './queue-search';

const PAGE = 50;
const REFRESH_MS = 10_000;
/** Many pages are refreshed less often, because each is fetched again. */
const LONG_LIST = 3;
const SLOW_REFRESH_MS = 60_000;

/** The incidents that the search asks for. */
export function useQueuePages(search: QueueSearch) {
  const { id: self } = useUser();
  const { view = 'open', status, severity, sla, assignee, ci, q } = search;
  const assignment = () => {
    if (view === 'unassigned') return { unassigned: true };
    return { assignee_id: view === 'mine' ? self : assignee };
  };
  const isOver = view === 'resolved' || view === 'closed';
  const query = {
    limit: PAGE,
    status: isOver ? view : status,
    state: isOver || view === 'all' ? undefined : ('open' as const),
    severity,
    sla,
    ...assignment(),
    ci_id: ci,
    q,
  };
  return useInfiniteQuery({
    queryKey: ['incidents', 'list', query],
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(api.GET('/api/incidents', { params: { query: { ...query, cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor: cursor }) => cursor ?? undefined,
    refetchInterval: ({ state: { data } }) => {
      const ms = every((data?.pages.length ?? 0) < LONG_LIST ? REFRESH_MS : SLOW_REFRESH_MS);
      return ms();
    },
  });
}

/** Counts of open incidents. */
export const summary = queryOptions({
  queryKey: ['incidents', 'summary'],
  queryFn: () => bodyOf(api.GET('/api/incidents/summary')),
  refetchInterval: every(REFRESH_MS),
});
