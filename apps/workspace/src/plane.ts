import { bodyOf } from '@atlas/web';
import { queryOptions } from '@tanstack/react-query';
import { api } from './api';

const REFRESH_MS = 30_000;

/** What the plane says about itself and its tenant to everybody. */
export const plane = queryOptions({
  queryKey: ['plane'],
  queryFn: () => bodyOf(api.GET('/api/tenant-default')),
  staleTime: REFRESH_MS,
  refetchInterval: REFRESH_MS,
});
