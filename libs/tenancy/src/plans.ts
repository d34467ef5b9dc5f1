/** What a tenant has bought, smallest first. */
export const PLANS = ['core', 'operations', 'enterprise'] as const;

export type Plan = (typeof PLANS)[number];

/**
 * The parts of the product that a plan can include. A `paid_extra` becomes read-only if the tenant's lease
 * expires or its bill stays unpaid. The other modules never stop.
 */
export const MODULES = {
  incidents: 'always',
  cmdb: 'always',
  alerts: 'always',
  exports: 'always',
  slos: 'paid_extra',
  runbooks: 'paid_extra',
  ai_analysis: 'paid_extra',
  ai_runbook_drafts: 'paid_extra',
} as const;

export type Module = keyof typeof MODULES;

export const MODULE_KEYS = Object.keys(MODULES) as readonly Module[];

/** The limits of a plan. Each is a whole number, at least 0. */
export const LIMITS = [
  /** Users who can sign in, and open invitations. */
  'users',
  'data_sources',
  /** Requests with alerts per minute, from all data sources together. */
  'ingest_per_minute',
  /** How many days history is kept, such as ended alerts. Longer as long as an incident needs it. */
  'retention_days',
  /** One credit pays for 1,000 tokens. A month begins at midnight UTC. */
  'ai_credits_per_month',
  'agents',
] as const;

export type Limit = (typeof LIMITS)[number];

export type Limits = Readonly<Record<Limit, number>>;

/** What a tenant may use. */
export interface Entitlements {
  readonly modules: readonly Module[];
  readonly limits: Limits;
}

const IN_EVERY_PLAN = [
  'incidents',
  'cmdb',
  'alerts',
  'exports',
  'slos',
  'runbooks',
  'ai_analysis',
] as const satisfies readonly Module[];

/** Every plan includes the whole product except for drafts by AI. Plans differ mainly in their limits. */
export const ENTITLEMENTS_OF_PLANS: Readonly<Record<Plan, Entitlements>> = {
  core: {
    modules: IN_EVERY_PLAN,
    limits: {
      users: 100,
      data_sources: 10,
      ingest_per_minute: 600,
      retention_days: 30,
      ai_credits_per_month: 500,
      agents: 10,
    },
  },
  operations: {
    modules: [...IN_EVERY_PLAN, 'ai_runbook_drafts'],
    limits: {
      users: 250,
      data_sources: 50,
      ingest_per_minute: 3000,
      retention_days: 180,
      ai_credits_per_month: 5000,
      agents: 100,
    },
  },
  enterprise: {
    modules: [...IN_EVERY_PLAN, 'ai_runbook_drafts'],
    limits: {
      users: 2500,
      data_sources: 250,
      ingest_per_minute: 12_000,
      retention_days: 730,
      ai_credits_per_month: 50_000,
      agents: 1000,
    },
  },
};

/** What was agreed with one tenant, in addition to its plan. */
export interface PlanOverrides {
  readonly limits?: Partial<Limits>;
  /** Modules that the tenant may use although its plan does not include them. */
  readonly modules?: readonly Module[];
}

/** The plan's entitlements with a tenant's overrides. */
export function entitlementsOf(plan: Plan, overrides: PlanOverrides | null): Entitlements {
  const { modules, limits } = ENTITLEMENTS_OF_PLANS[plan];
  const included = new Set<Module>([...modules, ...(overrides?.modules ?? [])]);
  return {
    modules: MODULE_KEYS.filter((key) => included.has(key)),
    limits: { ...limits, ...overrides?.limits },
  };
}
