import { isDeepStrictEqual } from 'node:util';
import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import { type ExpectedVersion } from '@atlas/platform';
import { SEVERITIES } from '@atlas/tenant-api/incidents';
import { type SlaPolicyDto, type SlaPolicyView } from '@atlas/tenant-api/sla';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { lockPolicies } from '../database/policy-lock';
import { DEFAULT_POLICY } from './sla';
import { SlaTargets } from './sla-targets.entity';

/** How soon a tenant's incidents must be responded to and resolved. */
@Injectable()
export class SlaPolicies {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly audit: Audit,
  ) {}

  get(tenantId: string): Promise<SlaPolicyView> {
    return this.tenants.read(tenantId, (scope) => slaPolicy(scope));
  }

  /** Throws `changed_meanwhile`. */
  set(tenantId: string, dto: SlaPolicyDto, expected: ExpectedVersion<SlaPolicyView>): Promise<SlaPolicyView> {
    const policy = policyOf(dto);
    return this.tenants.write(tenantId, async (scope) => {
      await lockPolicies(scope);
      const before = await slaPolicy(scope);
      expected.require(before);
      if (isDeepStrictEqual(before, policy)) return before;
      const rows = SEVERITIES.map((severity) => {
        const { response_minutes: responseMinutes, resolution_minutes: resolutionMinutes } = policy[severity];
        return { severity, responseMinutes, resolutionMinutes };
      });
      await scope.put(SlaTargets, rows);
      const entry = { action: 'sla_policy.changed', targetKind: 'sla_policy', targetId: null };
      await this.audit.record(scope, { ...entry, before: { ...before }, after: { ...policy } });
      return policy;
    });
  }
}

export async function slaPolicy(scope: TenantScope): Promise<SlaPolicyView> {
  const rows = await scope.find(SlaTargets);
  const own = rows.map(({ severity, responseMinutes, resolutionMinutes }) => [
    severity,
    { response_minutes: responseMinutes, resolution_minutes: resolutionMinutes },
  ]);
  return { ...DEFAULT_POLICY, ...Object.fromEntries(own) };
}

/** As a plain object, which can be compared with the policy that is read. */
function policyOf(dto: SlaPolicyDto): SlaPolicyView {
  const { P1, P2, P3, P4, P5 } = dto;
  return { P1: { ...P1 }, P2: { ...P2 }, P3: { ...P3 }, P4: { ...P4 }, P5: { ...P5 } };
}
