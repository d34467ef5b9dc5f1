import { type LeaseClaims, readOnlyReason } from '@atlas/plane-contract';
import { DomainError } from '@atlas/platform';
import {
  type Entitlements,
  MODULES,
  type Module,
  MODULE_KEYS,
  type Plan,
  entitlementsOf,
} from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { TrustedTime } from '../plane-identity/trusted-time';
import { Leases } from '../tenancy/leases';
import { type Tenant } from '../tenancy/tenant.entity';

/** What a tenant may use at the moment. */
export interface Granted extends Entitlements {
  readonly plan: Plan;
  /** Null before the Control Plane has sent one, and from Control Planes of older versions. */
  readonly lease: LeaseClaims | null;
  /** Why the paid extras can only be read, or null if they can be changed too. */
  readonly readOnly: ReturnType<typeof readOnlyReason>;
}

/** Decides what a tenant may use, by its lease. Without a lease, its plan decides. */
@Injectable()
export class TenantEntitlements {
  constructor(
    private readonly leases: Leases,
    private readonly time: TrustedTime,
  ) {}

  async of(tenant: Tenant): Promise<Granted> {
    const lease = await this.leases.of(tenant);
    if (!lease) return { plan: tenant.plan, ...entitlementsOf(tenant.plan, null), lease, readOnly: null };
    const { plan, modules, limits } = lease;
    return {
      plan,
      // A newer Control Plane may know modules that this plane does not have, and an older one fewer limits.
      modules: MODULE_KEYS.filter((key) => modules.includes(key)),
      limits: { ...entitlementsOf(tenant.plan, null).limits, ...limits },
      lease,
      readOnly: readOnlyReason(lease, this.time.now()),
    };
  }

  /** Throws `module_not_in_plan` and `payment_required`. */
  async requireUsable(tenant: Tenant, module: Module): Promise<void> {
    const granted = await this.of(tenant);
    if (!granted.modules.includes(module)) throw notInPlan(granted.plan, module);
    if (granted.readOnly !== null && MODULES[module] === 'paid_extra')
      throw readOnly(module, granted.readOnly);
  }
}

const NAMES: Readonly<Record<Module, string>> = {
  incidents: 'Incidents',
  cmdb: 'The CMDB',
  alerts: 'Alerts',
  exports: 'Exports',
  slos: 'SLOs',
  runbooks: 'Runbooks and automation',
  ai_analysis: 'Analyses by AI',
  ai_runbook_drafts: 'Runbook drafts by AI',
};

function notInPlan(plan: Plan, module: Module): DomainError {
  const detail =
    `${NAMES[module]} are not part of the plan "${plan}". To change the plan, ask whoever runs Atlas for ` +
    'you.';
  return new DomainError('module_not_in_plan', 'forbidden', detail, { module, plan });
}

function readOnly(module: Module, reason: NonNullable<Granted['readOnly']>): DomainError {
  const why = {
    past_due: 'a bill has been unpaid for more than 14 days. Pay it',
    lease_expired:
      'the lease of this tenant has expired, because the Control Plane has not renewed it. Restore the ' +
      'connection to the Control Plane, or load a new lease',
  }[reason];
  const detail =
    `${NAMES[module]} can be read but not changed: ${why}. Incidents, alerts, the CMDB and exports work as ` +
    'usual.';
  return new DomainError('payment_required', 'payment_required', detail, { module, reason });
}
