import { DomainError } from '@atlas/platform';
import { TENANT_STATUSES, type TenantStatus } from '@atlas/tenancy';
import { type Tenant } from './tenant.entity';

interface TenantWrite {
  /** What requires one of these statuses, worded as the subject of the error message. */
  readonly what: string;
  readonly from: readonly TenantStatus[];
}

const NOT_DELETED = TENANT_STATUSES.filter((status) => status !== 'deleted');

/**
 * What operators may do to a tenant without a job, and in
 * which tenant statuses. For jobs, see OPERATION_RULES.
 */
export const TENANT_WRITES = {
  update: { what: 'A change', from: NOT_DELETED },
  lease: { what: 'A lease', from: ['active', 'suspended'] },
  billing: { what: 'A change of its bill', from: ['active', 'suspended'] },
  // A tenant that was never active is removed without a
  // backup, so no one may sign up before the tenant is active.
  signupLink: { what: 'A sign-up link', from: ['active', 'suspended'] },
  // Also allowed while the tenant is being deprovisioned, because its
  // plane may have to enrol again for the backup or for a restore.
  provisioningToken: { what: 'A provisioning token', from: NOT_DELETED },
  infrastructure: {
    what: 'Recorded infrastructure',
    from: ['provisioning', 'failed', 'active', 'suspended'],
  },
  /** Infrastructure for the plane that a move or restore brings the tenant to. */
  comingInfrastructure: { what: 'Recorded infrastructure', from: ['active', 'suspended', 'deprovisioning'] },
} as const satisfies Readonly<Record<string, TenantWrite>>;

/** What to do if the tenant's status does not allow the request. */
const WAYS_ON: Readonly<Record<TenantStatus, string>> = {
  provisioning: 'Wait for its provisioning job to finish.',
  active: 'It is already in use.',
  suspended: 'To use the tenant again, resume it.',
  failed: 'Retry its provisioning job first, or deprovision the tenant.',
  deprovisioning:
    'Restore the tenant first or, if the job that deprovisions it has not succeeded, roll that job back.',
  deleted: 'Deletion is final. Provision a new tenant.',
};

/** Throws `invalid_transition`. Call it under the tenant's lock, or for a dry run. */
export function requireStatus({ slug, status }: Tenant, { what, from }: TenantWrite): void {
  if (from.includes(status)) return;
  const detail =
    `Tenant "${slug}" is ${status}. ${what} requires a tenant that is ${from.join(' or ')}. ` +
    `${WAYS_ON[status]}`;
  throw new DomainError('invalid_transition', 'conflict', detail);
}
