import { type PlannedFeature } from './planned-feature';

/** How long the Control Plane has been unreachable. */
export const OUTAGE_MOMENTS = ['0h', '1h', '24h', '30d'] as const;

type OutageMoment = (typeof OUTAGE_MOMENTS)[number];

/**
 * What remains of a capability, from best to worst. With `warns`, the capability works as usual, but the
 * tenant's admins are warned.
 */
export const OUTAGE_STATES = ['works', 'warns', 'read_only', 'unavailable'] as const;

type OutageState = (typeof OUTAGE_STATES)[number];

/** The capabilities of a tenant, in the order in which an outage contract lists them. */
export const OUTAGE_CAPABILITIES = [
  'sign_in',
  'incidents',
  'alert_ingest',
  'cmdb',
  'exports',
  'slos',
  'runbooks',
  'ai',
  'tenant_address',
  'entitlements',
  'tenant_lifecycle',
] as const;

export interface OutagePromise {
  readonly capability: (typeof OUTAGE_CAPABILITIES)[number];
  readonly after: Readonly<Record<OutageMoment, OutageState>>;
  readonly note: string;
  /**
   * The feature that the promise concerns, if that feature has not been built yet and so cannot stop working.
   */
  readonly awaits?: PlannedFeature;
}

/** What remains of each capability without the Control Plane. Published to every tenant of the model. */
export type OutageContract = readonly OutagePromise[];

export const ALWAYS_WORKS: OutagePromise['after'] = {
  '0h': 'works',
  '1h': 'works',
  '24h': 'works',
  '30d': 'works',
};

/**
 * The grace ladder of a lease that cannot be renewed: first a warning, then paid extras become read-only.
 * Incidents are never locked.
 */
export const GRACE_LADDER: OutagePromise['after'] = {
  '0h': 'works',
  '1h': 'works',
  '24h': 'warns',
  '30d': 'read_only',
};

export const NEEDS_CONTROL_PLANE: OutagePromise['after'] = {
  '0h': 'unavailable',
  '1h': 'unavailable',
  '24h': 'unavailable',
  '30d': 'unavailable',
};

/**
 * Promises that hold in every model, because the tenant plane's own database contains its data and its users.
 */
export const PROMISES_OF_EVERY_MODEL: OutageContract = [
  {
    capability: 'sign_in',
    after: ALWAYS_WORKS,
    note: 'The tenant plane stores users, sessions and invitations, and verifies welcome links offline.',
  },
  {
    capability: 'incidents',
    after: ALWAYS_WORKS,
    note: 'Never locked by an outage or an expired lease, only by a suspension received before the outage.',
  },
  {
    capability: 'alert_ingest',
    after: ALWAYS_WORKS,
    note: 'Alerts go straight to the tenant plane.',
  },
  { capability: 'cmdb', after: ALWAYS_WORKS, note: 'Items, relationships and impact are stored locally.' },
  {
    capability: 'exports',
    after: ALWAYS_WORKS,
    note: 'A tenant can export its own data at any time.',
  },
  {
    capability: 'slos',
    after: GRACE_LADDER,
    note: 'Read-only: objectives are still measured and shown, but cannot be changed.',
  },
  {
    capability: 'runbooks',
    after: GRACE_LADDER,
    note: 'Read-only: runbooks and past runs can be read, but no new run can start.',
  },
];
