import { bodyOf } from '@atlas/web';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, every } from '../api';
import { type Incident, type IncidentChange } from './incident';

const keyOf = (id: string) => ['incidents', 'one', id] as const;

export function useIncident(id: string, refreshMs: number) {
  return useQuery({
    queryKey: keyOf(id),
    queryFn: () => bodyOf(api.GET('/api/incidents/{id}', { params: { path: { id } } })),
    refetchInterval: every(refreshMs),
  });
}

/** Changes an incident. A refusal may mean that somebody else was faster, so the incident is read again. */
export function useChangeIncident({ id }: Incident) {
  const queries = useQueryClient();
  const refresh = (): void => void queries.invalidateQueries({ queryKey: ['timeline', id, 'news'] });
  return useMutation({
    mutationFn: (body: IncidentChange) =>
      bodyOf(api.PATCH('/api/incidents/{id}', { params: { path: { id } }, body })),
    onSuccess: (incident) => {
      queries.setQueryData(keyOf(id), incident);
      void queries.invalidateQueries({ queryKey: ['incidents', 'list'] });
      refresh();
    },
    onError: () => {
      void queries.invalidateQueries({ queryKey: keyOf(id) });
      refresh();
    },
  });
}

export type ChangeIncident = ReturnType<typeof useChangeIncident>;
