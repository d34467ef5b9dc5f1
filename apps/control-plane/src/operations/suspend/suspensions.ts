import { type JobParams } from '@atlas/jobs';
import { type PlanView, SuspendTenantDto, type AcceptedForTenant } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { TenantOperations } from '../../lifecycle/tenant-operations';
import { type Tenant } from '../../registry/tenant.entity';
import { lockTenant } from '../../tenants/tenants';

type Operation = 'suspend' | 'resume';

/** Suspends and resumes tenants. */
@Injectable()
export class Suspensions {
  constructor(
    private readonly database: Database,
    private readonly operations: TenantOperations,
  ) {}

  /** Describes what {@link start} would do, without changing anything. */
  plan(id: string, operation: Operation): Promise<PlanView> {
    return this.operations.plan(id, operation);
  }

  start(id: string, operation: Operation, dto?: SuspendTenantDto): Promise<AcceptedForTenant> {
    const params: JobParams = dto ? { reason: dto.reason ?? null } : {};
    return this.database.write(async (manager) => {
      if (operation === 'resume') requirePaid(await lockTenant(manager, id));
      return this.operations.start(manager, id, operation, { params });
    });
  }
}

function requirePaid({ slug, status, billingState }: Tenant): void {
  if (status !== 'suspended' || billingState !== 'suspended') return;
  const detail =
    `Tenant "${slug}" is suspended because its bill is unpaid. Once it is paid, set its billing state to ` +
    'ok, which resumes the tenant.';
  throw new DomainError('bill_unpaid', 'conflict', detail);
}
