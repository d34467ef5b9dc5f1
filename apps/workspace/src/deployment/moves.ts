import { bodyOf } from '@atlas/web';
import { queryOptions } from '@tanstack/react-query';
import { api, every } from '../api';

const REFRESH_MS = 15_000;

/** The moves of the workspace to another plane. Only admins can read them. */
export const moves = queryOptions({
  queryKey: ['moves'],
  queryFn: async () => (await bodyOf(api.GET('/api/moves'))).items,
  staleTime: REFRESH_MS,
  refetchInterval: every(REFRESH_MS),
});
