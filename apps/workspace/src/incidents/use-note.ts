import { patientFetch } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api } from '../api';
import { useOnce } from '../once';

/** Adds a note to an incident. */
export function useNote(id: string) {
  const once = useOnce();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (text: string) =>
      api.POST('/api/incidents/{id}/notes', {
        params: { path: { id } },
        body: { text },
        headers: once.headers(),
        fetch: patientFetch,
      }),
    onSuccess: async () => {
      once.done();
      await queries.invalidateQueries({ queryKey: ['timeline', id, 'news'] });
    },
    onError: once.done,
  });
}
