import { LIMIT_NAMES, MODULE_NAMES, bodyOf } from '@atlas/web';
import { queryOptions } from '@tanstack/react-query';
import { api } from '../api';
import { type Limit, type PlanSpec } from '../parts/types';

/** The plans that can be sold, smallest first. They change only with a new version. */
export const plans = queryOptions({
  queryKey: ['plans'],
  queryFn: () => bodyOf(api.GET('/api/plans')),
  staleTime: Infinity,
});

export const LIMITS = Object.keys(LIMIT_NAMES) as readonly Limit[];
export const MODULES = Object.keys(MODULE_NAMES) as readonly PlanSpec['modules'][number][];
