/** How long the Control Plane has been unreachable, as ISO 8601 durations. */
export const OUTAGE_STAGES = ['PT0S', 'PT1H', 'P1D', 'P30D'] as const;
export type OutageStage = (typeof OUTAGE_STAGES)[number];

/** Each stage in milliseconds. */
const STAGE_MS: Readonly<Record<OutageStage, number>> = {
  PT0S: 0,
  PT1H: 3_600_000,
  P1D: 24 * 3_600_000,
  P30D: 30 * 24 * 3_600_000,
};

/** The stage of an outage that has lasted this long. */
export function outageStageAfter(ms: number): OutageStage {
  return OUTAGE_STAGES.findLast((stage) => ms >= STAGE_MS[stage]) ?? 'PT0S';
}

/** What remains of a capability, from best to worst. */
export const OUTAGE_BEHAVIOURS = ['works', 'degraded', 'refused'] as const;
export type OutageBehaviour = (typeof OUTAGE_BEHAVIOURS)[number];

/** What a capability needs, which decides what remains of it. */
export type OutageNeed = 'nothing' | 'lease' | 'link';

/**
 * What needs a lease is read-only once the lease has expired. A lease is renewed every six hours and is valid
 * for 30 days, so it expires at most six hours before the last stage.
 */
const BEHAVIOURS: Readonly<Record<OutageNeed, Readonly<Record<OutageStage, OutageBehaviour>>>> = {
  nothing: { PT0S: 'works', PT1H: 'works', P1D: 'works', P30D: 'works' },
  lease: { PT0S: 'works', PT1H: 'works', P1D: 'works', P30D: 'degraded' },
  link: { PT0S: 'refused', PT1H: 'refused', P1D: 'refused', P30D: 'refused' },
};

/** The capabilities of a tenant, in the order in which an outage contract lists them. */
export const OUTAGE_CAPABILITIES = {
  sign_in: 'Signing in',
  incidents: 'Incidents',
  alert_ingest: 'Receiving alerts',
  cmdb: 'CMDB',
  exports: 'Exports',
  slos: 'SLOs',
  runbooks: 'Runbooks and automation',
  ai: 'AI',
  tenant_address: "The tenant's address",
  entitlements: 'Plan and lease',
  tenant_lifecycle: 'Changes to the tenant',
} as const;

export type OutageCapability = keyof typeof OUTAGE_CAPABILITIES;

export interface OutagePromise {
  readonly capability: OutageCapability;
  readonly needs: OutageNeed;
  /** What to expect, during the whole outage or, for what needs a lease, until the lease expires. */
  readonly text: string;
  /** For what needs a lease: what to expect after a day, and once the lease has expired. */
  readonly later?: { readonly P1D: string; readonly P30D: string };
}

/** What remains of each capability without the Control Plane. Published to every tenant of the model. */
export type OutageContract = readonly OutagePromise[];

/** What to expect of a capability from one stage on. */
export interface OutageStep {
  readonly after: OutageStage;
  readonly behaviour: OutageBehaviour;
  readonly text: string;
}

export function outageSteps({ needs, text, later }: OutagePromise): readonly OutageStep[] {
  return OUTAGE_STAGES.map((after) => ({
    after,
    behaviour: BEHAVIOURS[needs][after],
    text: later && (after === 'P1D' || after === 'P30D') ? later[after] : text,
  }));
}

const WARNED = 'Works until the lease expires, 30 days after it was last renewed. It shows when that is.';

/**
 * Promises that hold in every model, because the tenant plane's own database contains its data and its users.
 */
export const PROMISES_OF_EVERY_MODEL: OutageContract = [
  {
    capability: 'sign_in',
    needs: 'nothing',
    text: 'The tenant plane stores users, sessions and invitations, and verifies welcome links offline.',
  },
  {
    capability: 'incidents',
    needs: 'nothing',
    text: 'Never locked by an outage or an expired lease, only by a suspension received before the outage.',
  },
  {
    capability: 'alert_ingest',
    needs: 'nothing',
    text: 'Alerts go straight to the tenant plane.',
  },
  {
    capability: 'cmdb',
    needs: 'nothing',
    text: 'Items, relationships and impact are stored locally.',
  },
  {
    capability: 'exports',
    needs: 'nothing',
    text: 'A tenant can export its own data at any time.',
  },
  {
    capability: 'slos',
    needs: 'lease',
    text: 'SLOs are stored and measured locally.',
    later: {
      P1D: WARNED,
      P30D: 'Read-only: objectives are still measured, and still open incidents, but cannot be changed.',
    },
  },
  {
    capability: 'runbooks',
    needs: 'lease',
    text: 'Runbooks, runs and approvals are stored locally, and agents call the tenant plane.',
    later: {
      P1D: WARNED,
      P30D: 'Read-only: runs that have begun go on, but no runbook can be changed and no new run can start.',
    },
  },
];

/** Replaces the promise of the model for tenants that have an AI of their own. */
export const PROMISE_OF_OWN_AI: OutagePromise = {
  capability: 'ai',
  needs: 'lease',
  text: "The tenant's own AI answers in place of the Control Plane's.",
  later: {
    P1D: WARNED,
    P30D: 'Refused: AI is a paid extra. Its settings can be read.',
  },
};

/** What a lease says applies until it has expired. */
export function entitlementsPromise(text: string): OutagePromise {
  const later = {
    P1D: WARNED,
    P30D: 'The lease has expired: paid extras are read-only until it is renewed.',
  };
  return { capability: 'entitlements', needs: 'lease', text, later };
}
