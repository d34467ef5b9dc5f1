import { Database, TenantDatabase, lockedForUpdate } from '@atlas/persistence';
import { newTraceId, runInContext } from '@atlas/platform';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AuditEvent } from '../audit/audit-event.entity';
import { Audit } from '../audit/audit';
import { LinkCut } from '../plane-identity/link-cut';
import { LinkCutRow } from '../plane-identity/link-cut.entity';
import { servingTenants } from '../tenancy/serving-tenants';

const ACTIONS = { begun: 'outage_rehearsal.begun', ended: 'outage_rehearsal.ended' } as const;

/**
 * Records each rehearsal of an outage in the audit trail of every tenant that is served here, once, whichever
 * replicas notice it, and also if a process dies halfway.
 */
@Injectable()
export class RehearsalRecords implements OnModuleInit {
  private done: string | undefined;

  constructor(
    private readonly cut: LinkCut,
    private readonly database: Database,
    private readonly tenants: TenantDatabase,
    private readonly audit: Audit,
  ) {}

  onModuleInit(): void {
    this.cut.onLook = (row) => this.record(row);
  }

  private async record(row: LinkCutRow): Promise<void> {
    const { rehearsalId, begunAt, endsAt } = row;
    const state = this.cut.isCut ? 'begun' : 'ended';
    const key = `${rehearsalId}/${state}`;
    if (rehearsalId === null || this.done === key) return;
    const actor = { kind: 'plane_operator', id: null };
    const after = { begun_at: begunAt, ends_at: endsAt };
    await runInContext({ traceId: newTraceId(), actor }, async () => {
      for await (const tenantId of servingTenants(this.database))
        await this.recordFor(tenantId, {
          action: ACTIONS[state],
          targetKind: 'rehearsal',
          targetId: rehearsalId,
          after,
        });
    });
    this.done = key;
  }

  private recordFor(tenantId: string, entry: Parameters<Audit['record']>[1]): Promise<void> {
    return this.tenants.write(tenantId, async (scope) => {
      // Replicas that notice the rehearsal at the same time wait for each other here.
      const query = scope.manager.createQueryBuilder(LinkCutRow, 'cut').where({ id: 1 });
      await lockedForUpdate(query).getOneOrFail();
      const { action, targetId } = entry;
      const isRecorded = (which: string) =>
        scope.exists(AuditEvent, { action: which, targetId: targetId ?? '' });
      if (await isRecorded(action)) return;
      // A tenant that came later has not lived through the rehearsal.
      if (action === ACTIONS.ended && !(await isRecorded(ACTIONS.begun))) return;
      await this.audit.record(scope, entry);
    });
  }
}
