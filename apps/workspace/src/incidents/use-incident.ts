import { type Versioned, bodyOf, useCarefulSave, versionedOf } from '@atlas/web';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, every } from '../api';
import { type Incident, type IncidentChange } from './incident';

const keyOf = (id: string) => ['incidents', 'one', id] as const;

const getIncident = (id: string) => api.GET('/api/incidents/{id}', { params: { path: { id } } });

/** What a form is filled from. */
export const readIncident = (id: string): Promise<Versioned<Incident>> => versionedOf(getIncident(id));

export function useIncident(id: string, refreshMs: number) {
  return useQuery({
    queryKey: keyOf(id),
    queryFn: () => bodyOf(getIncident(id)),
    refetchInterval: every(refreshMs),
  });
}

/** What the pages do once a change was stored, or refused. */
function useAfterChange(id: string) {
  const queries = useQueryClient();
  const refresh = (): void => void queries.invalidateQueries({ queryKey: ['timeline', id, 'news'] });
  return {
    keep: (incident: Incident): void => {
      queries.setQueryData(keyOf(id), incident);
      void queries.invalidateQueries({ queryKey: ['incidents', 'list'] });
      refresh();
    },
    /** Somebody else may have been faster. */
    readAgain: (): void => {
      void queries.invalidateQueries({ queryKey: keyOf(id) });
      refresh();
    },
  };
}

export function useChangeIncident({ id }: Incident) {
  const { keep, readAgain } = useAfterChange(id);
  return useMutation({
    mutationFn: (body: IncidentChange) =>
      bodyOf(api.PATCH('/api/incidents/{id}', { params: { path: { id } }, body })),
    onSuccess: keep,
    onError: readAgain,
  });
}

/** Changes an incident, unless somebody else has changed what the form shows. */
export function useSaveIncident(
  first: Versioned<Incident>,
  shownOf: (incident: Incident) => unknown,
  onSaved: () => void,
) {
  const { id } = first.stored;
  const { keep, readAgain } = useAfterChange(id);
  return useCarefulSave({
    first,
    shownOf,
    save: (body: IncidentChange, header) =>
      versionedOf(api.PATCH('/api/incidents/{id}', { params: { path: { id }, header }, body })),
    keep,
    onSaved,
    onError: readAgain,
  });
}

export type ChangeIncident = ReturnType<typeof useChangeIncident>;
