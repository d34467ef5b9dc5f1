import { isDeepStrictEqual } from 'node:util';
import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import { Clock, type ExpectedVersion } from '@atlas/platform';
import { type AutomationPolicyDto, type AutomationPolicyView } from '@atlas/tenant-api/automation';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { lockPolicies } from '../database/policy-lock';
import { AutomationPolicy } from './automation-policy.entity';
import { DEFAULT_POLICY } from './autonomy';

/** How much a tenant's runs may do on their own. */
@Injectable()
export class AutomationPolicies {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  get(tenantId: string): Promise<AutomationPolicyView> {
    return this.tenants.read(tenantId, (scope) => automationPolicy(scope));
  }

  /** Throws `changed_meanwhile`. */
  set(
    tenantId: string,
    { level, overrides = [] }: AutomationPolicyDto,
    expected: ExpectedVersion<AutomationPolicyView>,
  ): Promise<AutomationPolicyView> {
    const policy: AutomationPolicyView = {
      level,
      overrides: overrides.map((one) => ({ ci_type: one.ci_type ?? null, risk: one.risk, level: one.level })),
    };
    return this.tenants.write(tenantId, async (scope) => {
      await lockPolicies(scope);
      const before = await automationPolicy(scope);
      expected.require(before);
      if (isDeepStrictEqual(before, policy)) return before;
      const row = { subject: 'runs', changedAt: this.clock.now() } as const;
      await scope.put(AutomationPolicy, [{ ...row, level, overrides: [...policy.overrides] }]);
      const entry = { action: 'automation_policy.changed', targetKind: 'automation_policy', targetId: null };
      await this.audit.record(scope, { ...entry, before: { ...before }, after: { ...policy } });
      return policy;
    });
  }
}

export async function automationPolicy(scope: TenantScope): Promise<AutomationPolicyView> {
  const row = await scope.findOne(AutomationPolicy, { subject: 'runs' });
  return row ? { level: row.level, overrides: row.overrides } : DEFAULT_POLICY;
}
