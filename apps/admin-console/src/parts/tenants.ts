import { bodyOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { api } from '../api';

const CHANGING_MS = 5000;
const CALM_MS = 30_000;

/** A tenant by its id or slug. Looked at more often while a job changes it. */
export function useTenant(idOrSlug: string) {
  return useQuery({
    queryKey: ['tenant', idOrSlug],
    queryFn: () =>
      bodyOf(api.GET('/api/tenants/{id_or_slug}', { params: { path: { id_or_slug: idOrSlug } } })),
    refetchInterval: ({ state }) => (state.data?.status.endsWith('ing') === true ? CHANGING_MS : CALM_MS),
  });
}
