import { type TenantPlaneSchemas, bodyOf } from '@atlas/web';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, every } from '../api';

type Schemas = TenantPlaneSchemas['schemas'];
export type Checklist = Schemas['ChecklistView'];
export type Step = Schemas['StepView'];
export type Evidence = Schemas['Evidence'];
export type Deployment = Schemas['DeploymentView'];

const REFRESH_MS = 5000;
const SLOW_REFRESH_MS = 60_000;

export const checklist = queryOptions({
  queryKey: ['onboarding'],
  queryFn: (): Promise<Checklist> => bodyOf(api.GET('/api/onboarding')),
});

/** How far the checklist is, for the navigation. */
export function useProgress(isEnabled: boolean): Checklist['progress'] | undefined {
  const { data } = useQuery({
    ...checklist,
    enabled: isEnabled,
    refetchInterval: ({ state }) => (isComplete(state.data) ? false : every(SLOW_REFRESH_MS)()),
  });
  return data?.progress;
}

/** Whether nothing is left to do. */
export function isComplete(found: Checklist | undefined): boolean {
  return found?.steps.every(({ status }) => status !== 'pending') === true;
}

/** A step completes by itself as soon as there is evidence, so the list is read again until all have. */
export function useChecklist() {
  return useQuery({
    ...checklist,
    refetchInterval: ({ state: { data } }) => {
      const isWaiting = data?.steps.some(({ status }) => status !== 'done') ?? true;
      return isWaiting ? every(REFRESH_MS)() : false;
    },
  });
}

export function useSkip(step: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (reason: string) =>
      bodyOf(api.POST('/api/onboarding/steps/{step}/skip', { params: { path: { step } }, body: { reason } })),
    onSuccess: (found) => queries.setQueryData(checklist.queryKey, found),
  });
}
