import { TenantDatabase, lockedForUpdate } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { DueWork } from '../due/due-work';
import { Incident } from './incident.entity';
import { nextBreach, openTargets } from './sla';
import { addToTimeline } from './timeline';

/** Records in the timeline and in the audit trail that an incident has missed a target. */
@Injectable()
export class SlaBreaches {
  constructor(
    due: DueWork,
    private readonly tenants: TenantDatabase,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {
    due.on('incidents', (tenantId, id) => this.record(tenantId, id));
  }

  private record(tenantId: string, id: string): Promise<void> {
    return this.tenants.write(tenantId, async (scope) => {
      const incident = await lockedForUpdate(scope.query(Incident, 'incident').andWhere({ id })).getOne();
      const now = this.clock.now();
      if (!incident?.slaDueAt || incident.slaDueAt > now) return;
      const breached = openTargets(incident).filter(([, at]) => at <= now);
      const recorded = breached.map(([target]) => [`${target}BreachedAt`, now] as const);
      const changes: Partial<Incident> = Object.fromEntries(recorded);
      const { timelineLength } = await addToTimeline(
        scope,
        incident,
        now,
        breached.map(([target, at]) => ({
          kind: 'status',
          by: null,
          data: { sla: `${target}_breached`, due_at: at.toISOString() },
        })),
      );
      const slaDueAt = nextBreach({ ...incident, ...changes });
      await scope.update(Incident, { id }, { ...changes, timelineLength, slaDueAt });
      for (const [target, at] of breached)
        await this.audit.record(scope, {
          action: 'incident.sla_breached',
          targetKind: 'incident',
          targetId: id,
          after: { target, due_at: at.toISOString() },
        });
    });
  }
}
