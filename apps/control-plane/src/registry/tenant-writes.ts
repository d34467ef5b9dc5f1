import { DomainError } from '@atlas/platform';
import { TENANT_STATUSES, type TenantStatus } from '@atlas/tenancy';
import { type Tenant } from './tenant.entity';

interface TenantWrite {
  /** What needs the tenant to be so, at the start of a sentence. */
  readonly what: string;
  readonly from: readonly TenantStatus[];
}

const NOT_DELETED = TENANT_STATUSES.filter((status) => status !== 'deleted');

/**
 * What operators write of a tenant without a job, and in which of its states. What jobs do: OPERATION_RULES.
 */
export const TENANT_WRITES = {
  update: { what: 'A change', from: NOT_DELETED },
  // Nobody may sign up before the tenant is active: a tenant
  // that was never active is removed without a backup.
  signupLink: { what: 'A sign-up link', from: ['active', 'suspended'] },
  // While it is deprovisioned as well: its plane may have to enrol again to make the backup, or to come back.
  provisioningToken: { what: 'A provisioning token', from: NOT_DELETED },
  infrastructure: {
    what: 'Recorded infrastructure',
    from: ['provisioning', 'failed', 'active', 'suspended'],
  },
  /** Of the plane that a move or a restore brings it to. */
  comingInfrastructure: { what: 'Recorded infrastructure', from: ['active', 'suspended', 'deprovisioning'] },
} as const satisfies Readonly<Record<string, TenantWrite>>;

/** What to do first about a tenant that something else was asked of. */
const WAYS_ON: Readonly<Record<TenantStatus, string>> = {
  provisioning: 'Wait until its provisioning job has ended.',
  active: 'It is in use already.',
  suspended: 'To have it in use again, resume it.',
  failed: 'Retry its provisioning job first, or deprovision the tenant.',
  deprovisioning: 'Restore it first, or roll back the job that deprovisions it.',
  deleted: 'That is final: provision a new tenant.',
};

/** Decided under the tenant's lock, or for a dry run. */
export function requireStatus({ slug, status }: Tenant, { what, from }: TenantWrite): void {
  if (from.includes(status)) return;
  const detail =
    `Tenant "${slug}" is ${status}. ${what} needs a tenant that is ${from.join(' or ')}. ` +
    `${WAYS_ON[status]}`;
  throw new DomainError('invalid_transition', 'conflict', detail);
}
