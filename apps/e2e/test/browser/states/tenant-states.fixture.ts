import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type TenantStatus } from '@atlas/tenancy';
import { jobAt } from './job-states.fixture';
import { PLANE_CASES } from './plane-states.fixture';
import { DAY, ago, ahead } from './rows.fixture';

export interface TenantCase {
  readonly name: string;
  /** What the page says. */
  readonly says: string | readonly string[];
  /** The button for what comes next. */
  readonly next?: RegExp;
  /** The columns in which the tenant differs from one that is active. */
  readonly tenant?: Readonly<Record<string, unknown>>;
  readonly model?: DeploymentModel;
  /** The columns of the tenant's last job. */
  readonly job?: Readonly<Record<string, unknown>>;
  /** The columns of the tenant's plane. Null if the tenant has none. */
  readonly plane?: Readonly<Record<string, unknown>> | null;
  /** The columns in which its place differs from one whose plane has applied everything. */
  readonly place?: Readonly<Record<string, unknown>>;
}

const NOT_CONFIRMED = { reported_state: null, reported_revision: 0 };

const NOT_YET = { active_at: null };

const STATUSES: { readonly [Status in TenantStatus]: readonly TenantCase[] } = {
  provisioning: [
    {
      name: 'provisioning',
      says: 'It is being provisioned.',
      tenant: NOT_YET,
      job: jobAt('provision', 'running'),
    },
    {
      name: 'provisioning-waits-for-customer',
      says: 'the enrolment of the tenant plane',
      model: 'on_prem',
      tenant: { ...NOT_YET, url: null },
      plane: planeIn('expected-customers'),
      job: jobAt('provision', 'on_prem-waiting'),
    },
  ],
  active: [
    { name: 'active', says: 'Users can work. Nothing needs you.' },
    { name: 'active-offline', says: 'offline', plane: planeIn('offline') },
    { name: 'active-failing', says: 'failing check', plane: planeIn('failing') },
    { name: 'active-degraded', says: 'needs a look', plane: planeIn('degraded') },
    { name: 'active-behind', says: 'Upgrade the plane.', plane: planeIn('behind'), model: 'dedicated' },
    { name: 'active-unsupported', says: 'is newer than', plane: planeIn('unsupported') },
    { name: 'active-air-gapped', says: 'is not known here', plane: planeIn('air-gapped'), model: 'on_prem' },
    { name: 'active-moving', says: 'Move', job: jobAt('move', 'cell-waiting') },
    {
      name: 'active-move-needs-consent',
      says: 'consent',
      model: 'on_prem',
      job: jobAt('move', 'from_on_prem-waiting'),
    },
    { name: 'active-move-failed', says: 'A person has to act', job: jobAt('move', 'cell-failed') },
    { name: 'active-move-undoing', says: 'Undoing its steps.', job: jobAt('move', 'cell-undoing') },
    { name: 'active-copy-remains', says: 'A person has to act', job: jobAt('remove_copy', 'failed') },
    {
      name: 'active-not-resumed',
      says: 'Active, but the job ended before the plane confirmed this',
      next: /^Retry$/,
      place: NOT_CONFIRMED,
      job: jobAt('resume', 'stopped'),
    },
    { name: 'active-resumed-late', says: 'Nothing needs you.', job: jobAt('resume', 'stopped') },
    { name: 'active-restored', says: 'Users can work.', job: jobAt('restore', 'succeeded') },
  ],
  suspended: [
    {
      name: 'suspended',
      says: ['Resume it under Operations.', 'Suspended since', 'unpaid'],
      tenant: { suspended_at: ago(DAY), suspension_reason: 'unpaid' },
      job: jobAt('suspend', 'succeeded'),
    },
    { name: 'suspended-not-told', says: 'until its plane has confirmed', job: jobAt('suspend', 'waiting') },
    {
      name: 'suspended-failed',
      says: ['before the plane confirmed this', 'A person has to act'],
      next: /^Roll back$/,
      place: NOT_CONFIRMED,
      job: jobAt('suspend', 'failed'),
    },
    {
      name: 'suspended-stopped',
      says: 'before the plane confirmed this',
      next: /^Retry$/,
      place: NOT_CONFIRMED,
      job: jobAt('suspend', 'stopped'),
    },
  ],
  failed: [
    { name: 'failed', says: 'Its provisioning failed.', tenant: NOT_YET, job: jobAt('provision', 'failed') },
    {
      name: 'failed-stopped',
      says: 'Its provisioning was stopped.',
      tenant: NOT_YET,
      job: jobAt('provision', 'stopped'),
    },
  ],
  deprovisioning: [
    { name: 'deprovisioning', says: 'It is being removed', job: jobAt('deprovision', 'waiting') },
    { name: 'deprovisioning-failed', says: 'Its removal has failed', job: jobAt('deprovision', 'failed') },
    { name: 'deprovisioning-stopped', says: 'Its removal was stopped', job: jobAt('deprovision', 'stopped') },
    {
      name: 'restorable',
      says: 'then Restore, by',
      tenant: { restorable_until: ahead(29 * DAY) },
      plane: null,
      job: jobAt('deprovision', 'succeeded'),
    },
    {
      name: 'restoring',
      says: ['restoring', 'It is being restored.'],
      tenant: { restorable_until: ahead(29 * DAY) },
      job: jobAt('restore', 'waiting'),
    },
    {
      name: 'purging',
      says: ['erasing', 'It could be restored until'],
      tenant: { restorable_until: ago(1) },
      plane: null,
      job: jobAt('purge', 'waiting'),
    },
    {
      name: 'purge-failed',
      says: ['erasing stopped', 'Deleting the rest has stopped.'],
      next: /^Retry$/,
      tenant: { restorable_until: ago(1) },
      plane: null,
      job: jobAt('purge', 'failed'),
    },
  ],
  deleted: [
    {
      name: 'deleted',
      says: 'Deleted for good.',
      plane: null,
      job: jobAt('purge', 'succeeded'),
    },
    {
      name: 'deleted-never-active',
      says: 'Removed before it was ever active.',
      tenant: NOT_YET,
      plane: null,
      job: jobAt('provision', 'undone'),
    },
  ],
};

/** Tenants in every state. */
export const TENANT_CASES: readonly (TenantCase & { readonly status: TenantStatus })[] = Object.entries(
  STATUSES,
).flatMap(([status, cases]) => cases.map((one) => ({ ...one, status: status as TenantStatus })));

function planeIn(state: string): TenantCase['plane'] {
  const found = PLANE_CASES.find(({ name }) => name === state);
  if (!found) throw new Error(`There is no plane that is ${state}.`);
  return found.plane ?? {};
}
