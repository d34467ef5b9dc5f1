import { type TenantPlaneSchemas, bodyOf } from '@atlas/web';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ENTITLEMENTS, api, every } from '../api';

type Schemas = TenantPlaneSchemas['schemas'];
export type Entitlements = Schemas['EntitlementsView'];
export type Module = Schemas['Module'];
export type Limit = keyof Schemas['Limits'];

const REFRESH_MS = 300_000;

/** What the workspace may use, and what it has used. */
export const entitlements = queryOptions({
  queryKey: ENTITLEMENTS,
  queryFn: () => bodyOf(api.GET('/api/entitlements')),
  staleTime: 60_000,
  refetchInterval: every(REFRESH_MS),
});

/** These can be read, but not changed, while the bill is unpaid for too long or the lease has expired. */
const PAID_EXTRAS: readonly Module[] = ['slos', 'runbooks', 'ai_analysis', 'ai_runbook_drafts'];

export type Barrier = 'not_in_plan' | 'past_due' | 'lease_expired';

/** Why a part of the product can only be read. Null if it can be changed, or while that is not known. */
export function useBarrier(module: Module): Barrier | null {
  const { data } = useQuery(entitlements);
  if (!data) return null;
  if (!data.modules.includes(module)) return 'not_in_plan';
  return PAID_EXTRAS.includes(module) ? data.read_only : null;
}

/**
 * Whether a form may be shown. Null while that is not known. A form that is open stays, so that nothing that
 * was typed is lost.
 */
export function useMayEdit(module: Module): boolean | null {
  const { isPending } = useQuery(entitlements);
  const barrier = useBarrier(module);
  const [isOpen, setOpen] = useState(false);
  if (isOpen) return true;
  if (isPending) return null;
  if (barrier === null) setOpen(true);
  return barrier === null;
}

/** How many of something there are, if there can be no more. */
export function useFull(limit: Limit): number | null {
  const { data } = useQuery(entitlements);
  const used = data?.usage[limit];
  return used !== undefined && used >= (data?.limits[limit] ?? Infinity) ? used : null;
}
