import { bodyOf } from '@atlas/web';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { api, every } from '../api';
import { type RunStatus } from './run';

const PAGE = 50;
const MOST = 200;
const REFRESH_MS = 5000;
const INBOX_REFRESH_MS = 15_000;
/** Many pages are refreshed less often, because each is fetched again. */
const LONG_LIST = 3;
const SLOW_REFRESH_MS = 60_000;

interface RunFilter {
  readonly status?: RunStatus[];
  readonly incident_id?: string;
}

export function useRuns(filter: RunFilter) {
  const query = { limit: PAGE, ...filter };
  return useInfiniteQuery({
    queryKey: ['runs', 'list', query],
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(api.GET('/api/automation/jobs', { params: { query: { ...query, cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: ({ state: { data } }) => {
      const ms = every((data?.pages.length ?? 0) < LONG_LIST ? REFRESH_MS : SLOW_REFRESH_MS);
      return ms();
    },
  });
}

/** The runs in one of these states, up to 200. */
export function useWaitingRuns(status: 'waiting_approval' | 'waiting_manual') {
  return useQuery({
    queryKey: ['runs', 'waiting', status],
    queryFn: () =>
      bodyOf(api.GET('/api/automation/jobs', { params: { query: { limit: MOST, status: [status] } } })),
    refetchInterval: every(REFRESH_MS),
  });
}

/** How many runs wait for a person. */
export function useWaitingCount(isEnabled: boolean): number {
  const { data } = useQuery({
    queryKey: ['runs', 'inbox'],
    queryFn: () => bodyOf(api.GET('/api/automation/inbox')),
    enabled: isEnabled,
    refetchInterval: every(INBOX_REFRESH_MS),
  });
  return data ? data.approvals + data.manual : 0;
}

/** The last runs of a runbook. */
export function useLastRuns(runbookId: string, limit: number) {
  return useQuery({
    queryKey: ['runs', 'last', runbookId],
    queryFn: () =>
      bodyOf(api.GET('/api/automation/jobs', { params: { query: { limit, runbook_id: runbookId } } })),
    refetchInterval: every(REFRESH_MS),
  });
}
