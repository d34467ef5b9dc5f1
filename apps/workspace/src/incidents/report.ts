import { type TenantPlaneSchemas, bodyOf, patientFetch, wrongOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api } from '../api';
import { useOnce } from '../once';

type NewIncident = TenantPlaneSchemas['schemas']['CreateIncidentDto'];

/** Reports an incident, then shows it. */
export function useReport() {
  const once = useOnce();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const report = useMutation({
    mutationFn: (body: NewIncident) =>
      bodyOf(api.POST('/api/incidents', { body, headers: once.headers(), fetch: patientFetch })),
    onSuccess: async (incident) => {
      queries.setQueryData(['incidents', 'one', incident.id], incident);
      void queries.invalidateQueries({ queryKey: ['incidents', 'list'] });
      await navigate({ to: '/incidents/$id', params: { id: incident.id }, search: { reported: true } });
    },
    onError: once.done,
  });
  const wrong = wrongOf(report.error);
  return { report, wrong };
}
