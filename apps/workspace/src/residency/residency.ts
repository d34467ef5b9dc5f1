import { type TenantPlaneSchemas, bodyOf } from '@atlas/web';
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api } from '../api';

type Schemas = TenantPlaneSchemas['schemas'];
export type EgressClass = Schemas['EgressClassView'];
export type LedgerEntry = Schemas['LedgerEntry'];

export const residency = queryOptions({
  queryKey: ['residency'],
  queryFn: () => bodyOf(api.GET('/api/residency')),
});

export const LEDGER = ['residency', 'ledger'] as const;

/** Days in the user's own time zone, such as `2026-11-30`. */
export interface LedgerSearch {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export function ledgerSearchOf({ from, to }: Record<string, unknown>): LedgerSearch {
  return { from: dayOf(from), to: dayOf(to) };
}

function dayOf(given: unknown): string | undefined {
  return typeof given === 'string' && /^\d{4}-\d\d-\d\d$/.test(given) && !Number.isNaN(Date.parse(given))
    ? given
    : undefined;
}

/** The times that the days mean: from the beginning of the first to the end of the last. */
export function spanOf({ from, to }: LedgerSearch): { readonly from?: string; readonly to?: string } {
  return {
    ...(from !== undefined && { from: new Date(`${from}T00:00:00`).toISOString() }),
    ...(to !== undefined && { to: new Date(`${to}T23:59:59.999`).toISOString() }),
  };
}

export function ledgerPages(search: LedgerSearch) {
  return infiniteQueryOptions({
    queryKey: [...LEDGER, search],
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(
        api.GET('/api/residency/ledger', { params: { query: { limit: 50, ...spanOf(search), cursor } } }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchOnWindowFocus: false,
  });
}

export const CLASS_NAMES: Readonly<Record<EgressClass['class'], string>> = {
  enrolment: 'Enrolment of this plane',
  desired_state_pull: 'Asking what to do',
  plane_report: 'Report of this plane',
  integration_check: 'Check of the connection',
  tenant_route: 'Where a tenant has moved to',
  move_rows: 'Data of a move',
  backup_rows: 'Backup',
  transfer_progress: 'Progress of a move or backup',
  ai_prompt: 'Question to the AI',
  ai_own_endpoint: 'Question to your own AI',
  runbook_http: 'HTTP step of a runbook',
  prometheus_query: 'Question to Prometheus',
  sign_on: 'Single sign-on',
  mail: 'Email',
};

export const DESTINATIONS: Readonly<Record<EgressClass['destination'], string>> = {
  control_plane: 'the Control Plane',
  tenant_chosen: 'a server that you chose',
  identity_provider: 'your identity provider',
  mail_server: 'the mail server of this plane',
};

/** How much of the incidents, configuration items and automation a call may contain. */
export const CONTENTS: Readonly<Record<EgressClass['contents'], string>> = {
  none: 'none',
  encrypted: 'encrypted: only your next plane can read it',
  readable: 'yes, readable there',
};
