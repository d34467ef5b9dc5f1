import { type TenantPlaneSchemas, bodyOf } from '@atlas/web';
import {
  type InfiniteData,
  infiniteQueryOptions,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { api, every } from '../api';

export type TimelineItem = TenantPlaneSchemas['schemas']['TimelineItemView'];

interface TimelinePage {
  readonly items: TimelineItem[];
  readonly next_cursor: string | null;
}

const PAGE = 50;
const NEWS_PAGE = 200;

function pageOf(id: string, limit: number, cursor: string | undefined): Promise<TimelinePage> {
  const query = { limit, cursor };
  return bodyOf(api.GET('/api/incidents/{id}/timeline', { params: { path: { id }, query } }));
}

/** What has happened to an incident, oldest first, as far as it is loaded. */
export function timelineOf(id: string) {
  return infiniteQueryOptions({
    queryKey: ['timeline', id, 'all'],
    queryFn: ({ pageParam: cursor }) => pageOf(id, PAGE, cursor),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    // The pages before the end never change.
    staleTime: Infinity,
  });
}

/** The same. Once all is loaded, only what is new is asked for. */
export function useTimeline(id: string, refreshMs: number) {
  const queries = useQueryClient();
  const { queryKey } = timelineOf(id);
  const pages = useInfiniteQuery(timelineOf(id));
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const last = items.at(-1)?.id;
  useQuery({
    queryKey: ['timeline', id, 'news', last],
    queryFn: async () => {
      const news = await pageOf(id, NEWS_PAGE, last);
      if (news.items.length > 0)
        queries.setQueryData<InfiniteData<TimelinePage>>(queryKey, (old) => {
          // Another answer may have brought the same items.
          if (!old || old.pages.at(-1)?.items.at(-1)?.id !== last) return old;
          return { pages: [...old.pages, news], pageParams: [...old.pageParams, last] };
        });
      return news.items.length;
    },
    enabled: last !== undefined && !pages.hasNextPage,
    refetchInterval: every(refreshMs),
  });
  return { pages, items };
}
