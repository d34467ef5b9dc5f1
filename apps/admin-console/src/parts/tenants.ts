import { bodyOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { api } from '../api';
import { type Tenant } from './types';

/** Earlier versions noted a call of the API also for operators who used the console. */
export const SOURCES: { readonly [Source in Tenant['source']]: string } = {
  admin_ui: 'An operator',
  signup: 'A sign-up',
  api: 'An API call',
};

/** Whether all its data is removed and can still be brought back. */
export function isRestorable({ status, restorable_until: until }: Tenant): boolean {
  return status === 'deprovisioning' && until !== null && Date.parse(until) > Date.now();
}

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
