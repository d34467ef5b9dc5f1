import { type ControlPlanePaths, createApi, newQueryClient } from '@atlas/web';

export const queries = newQueryClient();
export const ME = ['me'] as const;

/** Once a call says that the session has ended, every page knows. */
export const api = createApi<ControlPlanePaths>(({ problem }) => {
  if (problem.code === 'unauthenticated') queries.setQueryData(ME, null);
});
