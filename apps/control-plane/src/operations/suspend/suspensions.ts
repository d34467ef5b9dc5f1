import { type JobParams } from '@atlas/jobs';
import { type PlanView, SuspendTenantDto, type AcceptedForTenant } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { TenantOperations } from '../../lifecycle/tenant-operations';

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
    return this.database.write((manager) => this.operations.start(manager, id, operation, { params }));
  }
}
