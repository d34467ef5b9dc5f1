import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type HealthClass, type TenantPlaneStatus, type VersionClass } from '@atlas/operator-api';
import { type HealthStatus, OFFLINE_CAPABILITY, type ReportedHealth } from '@atlas/plane-contract';
import { jobAt } from './job-states.fixture';
import { DAY, HOUR, ago } from './rows.fixture';

export interface PlaneCase {
  readonly name: string;
  /** What the page says. */
  readonly says: string | readonly string[];
  /** The columns in which the plane differs from a cell that is well. */
  readonly plane?: Readonly<Record<string, unknown>>;
  readonly model?: DeploymentModel;
  /** The columns of the plane's last job. */
  readonly job?: Readonly<Record<string, unknown>>;
}

const REPORTED: { readonly [Status in HealthStatus]: PlaneCase } = {
  ok: { name: 'online', says: 'It works. Nothing needs you.' },
  degraded: {
    name: 'degraded',
    says: 'one of its checks needs a look.',
    plane: reports('degraded', 'disk', '91 % of the disk is used.'),
  },
  failing: {
    name: 'failing',
    says: 'One of its checks fails.',
    plane: reports('failing', 'queue', 'The oldest job has waited for 14 min.'),
  },
};

const HEARD: { readonly [Health in HealthClass]: readonly PlaneCase[] } = {
  online: [
    ...Object.values(REPORTED),
    {
      name: 'closed',
      says: 'reopen it under Operations',
      plane: { accepts_tenants: false },
    },
    {
      name: 'draining',
      says: 'Drain',
      plane: { accepts_tenants: false },
      job: jobAt('drain', 'waiting'),
    },
    { name: 'full', says: 'is full', plane: { capacity: 20, placed: 20 } },
    { name: 'two-copies', says: 'stop one of them', plane: { forked_at: ago(1) } },
    { name: 'upgrading', says: 'A job is under way.', job: jobAt('upgrade', 'waiting') },
    { name: 'upgrade-failed', says: 'A person has to act', job: jobAt('upgrade', 'failed') },
    { name: 'rotating', says: 'Rotate the secret', job: jobAt('rotate_secret', 'waiting') },
    { name: 'records-behind', says: 'All but the last 6', plane: { revision: 7 } },
    { name: 'own', says: 'It works. Nothing needs you.', model: 'dedicated' },
    {
      name: 'pooled',
      says: ['It waits in the warm pool for a tenant.', 'Ready for a tenant'],
      model: 'dedicated',
      plane: { pool_state: 'pooled', capacity: 1, placed: 0 },
    },
    {
      name: 'taken',
      says: 'Taken from it by its tenant',
      model: 'dedicated',
      plane: { pool_state: 'taken', capacity: 1, placed: 1 },
    },
  ],
  offline: [
    { name: 'offline', says: 'Its last report was', plane: silent() },
    {
      name: 'offline-failing',
      says: 'Its last report was',
      plane: { ...reports('failing', 'database', 'No answer within 5 s.'), ...silent() },
    },
    { name: 'offline-customers', says: 'Its last report was', plane: silent(), model: 'on_prem' },
  ],
  unknown: [
    {
      name: 'air-gapped',
      says: 'does not report',
      model: 'on_prem',
      plane: {
        last_report_at: null,
        health: null,
        health_status: null,
        applied_revision: null,
        capabilities: [OFFLINE_CAPABILITY],
      },
    },
  ],
};

const VERSIONS: { readonly [Class in VersionClass]: PlaneCase } = {
  current: { name: 'current', says: 'It works. Nothing needs you.' },
  behind: { name: 'behind', says: 'Upgrade it under Operations.', plane: { version: '0.0.1' } },
  unsupported: { name: 'unsupported', says: 'Upgrade the Control Plane.', plane: { version: '1.0.0' } },
};

const NEVER_SEEN = {
  version: null,
  release: null,
  endpoint_url: null,
  instance_id: null,
  public_key: null,
  applied_revision: null,
  last_report_at: null,
  health: null,
  health_status: null,
  enrolled_at: null,
};

const STATUSES: { readonly [Status in TenantPlaneStatus]: readonly PlaneCase[] } = {
  expected: [
    {
      name: 'cut-off',
      says: ['Its secret may be known to others', 'Job: Replace the compromised secret'],
      plane: { status: 'expected' },
      job: jobAt('rotate_secret', 'compromised-waiting'),
    },
    { name: 'enrols-again', says: 'It has to enrol again.', plane: { status: 'expected' } },
    { name: 'expected', says: 'It has never reported.', plane: { status: 'expected', ...NEVER_SEEN } },
    {
      name: 'expected-customers',
      says: 'It has never reported.',
      model: 'on_prem',
      plane: { status: 'expected', ...NEVER_SEEN },
    },
  ],
  enrolled: [...Object.values(HEARD).flat(), ...Object.values(VERSIONS)],
  retired: [
    {
      name: 'retired',
      says: 'Retired. It serves nobody',
      model: 'dedicated',
      plane: { status: 'retired', last_report_at: ago(3 * DAY), placed: 0 },
    },
  ],
};

/** Tenant planes in every state. */
export const PLANE_CASES: readonly PlaneCase[] = Object.values(STATUSES).flat();

function silent(): PlaneCase['plane'] {
  return { last_report_at: ago(3 * HOUR), enrolled_at: ago(9 * DAY) };
}

function reports(
  status: HealthStatus,
  name: NonNullable<ReportedHealth['checks']>[number]['name'],
  detail: string,
): PlaneCase['plane'] {
  const health: ReportedHealth = { status, checks: [{ name, status, detail }] };
  return { health, health_status: status };
}
