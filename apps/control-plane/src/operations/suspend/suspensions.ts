import { type PlanView, SuspendTenantDto, type AcceptedForTenant } from '@atlas/operator-api';
import { type JobParams } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { TenantOperations } from '../../lifecycle/tenant-operations';

type Operation = 'suspend' | 'resume';

/** Starts the suspension of a tenant, and its end. */
@Injectable()
export class Suspensions {
  constructor(
    private readonly database: Database,
    private readonly operations: TenantOperations,
  ) {}

  /** What {@link start} would do. Changes nothing. */
  plan(id: string, operation: Operation): Promise<PlanView> {
    return this.operations.plan(id, operation);
  }

  start(id: string, operation: Operation, dto?: SuspendTenantDto): Promise<AcceptedForTenant> {
    const params: JobParams = dto ? { reason: dto.reason ?? null } : {};
    return this.database.write((manager) => this.operations.start(manager, id, operation, { params }));
  }
}
