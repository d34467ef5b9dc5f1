import { ENTITLEMENTS_OF_PLANS, LIMITS, MODULE_KEYS, PLANS, entitlementsOf } from './plans';

describe('plans', () => {
  it('are the three plans in the wire contract, smallest first', () => {
    expect(PLANS).toEqual(['core', 'operations', 'enterprise']);
  });

  it.each(PLANS)('includes the whole product except drafts by AI in %s', (plan) => {
    const { modules } = ENTITLEMENTS_OF_PLANS[plan];
    expect(modules).toEqual(expect.arrayContaining(MODULE_KEYS.filter((key) => key !== 'ai_runbook_drafts')));
  });

  it('allows at least 5 data sources and 10 agents in core', () => {
    const { data_sources, agents } = ENTITLEMENTS_OF_PLANS.core.limits;
    expect(data_sources).toBeGreaterThanOrEqual(5);
    expect(agents).toBeGreaterThanOrEqual(10);
  });

  it.each(LIMITS)('raises %s from plan to plan', (limit) => {
    const [core, operations, enterprise] = PLANS.map((plan) => ENTITLEMENTS_OF_PLANS[plan].limits[limit]);
    expect(operations).toBeGreaterThan(core ?? 0);
    expect(enterprise).toBeGreaterThan(operations ?? 0);
  });

  it('applies what was agreed with a tenant', () => {
    const agreed = { limits: { agents: 12 }, modules: ['ai_runbook_drafts'] as const };
    expect(entitlementsOf('core', agreed)).toEqual({
      modules: [...MODULE_KEYS],
      limits: { ...ENTITLEMENTS_OF_PLANS.core.limits, agents: 12 },
    });
  });
});
