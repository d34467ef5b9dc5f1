import { type TenantScope } from '@atlas/persistence';
import { Clock, currentContext, newTraceId, runInContext } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { DueWork } from '../due/due-work';
import { Incident } from './incident.entity';
import { missedTargets, nextBreach } from './sla';
import { addToTimeline, lockedIncident } from './timeline';

/** Records in the timeline and in the audit trail that an incident has missed a target. */
@Injectable()
export class SlaBreaches {
  constructor(
    due: DueWork,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {
    due.on('incidents', async (scope, id) => {
      const { slaDueAt, ...stored } = await this.record(scope, await lockedIncident(scope, id));
      // Otherwise, the time of an earlier version or of an import could be due forever.
      const next = nextBreach(stored);
      if (next?.getTime() !== slaDueAt?.getTime()) await scope.update(Incident, { id }, { slaDueAt: next });
    });
  }

  /**
   * Records what an incident has missed until now. Call it with the locked row before a change that would
   * hide the breach, such as an acknowledgement. Returns the row as stored.
   */
  async record(scope: TenantScope, incident: Incident): Promise<Incident> {
    const now = this.clock.now();
    const missed = missedTargets(incident, now);
    if (missed.length === 0) return incident;
    const { id } = incident;
    const entries = missed.map(([target, dueAt]) => {
      const data = { sla: `${target}_breached`, due_at: dueAt.toISOString() };
      return { kind: 'status', by: null, data } as const;
    });
    const { timelineLength } = await addToTimeline(scope, incident, now, entries);
    const marks = Object.fromEntries(missed.map(([target]) => [`${target}BreachedAt`, now]));
    const stored: Incident = { ...incident, ...marks, timelineLength };
    stored.slaDueAt = nextBreach(stored);
    await scope.update(Incident, { id }, stored);
    // The user whose change reveals the breach did not cause it.
    await runInContext({ traceId: currentContext()?.traceId ?? newTraceId() }, async () => {
      for (const [target, dueAt] of missed)
        await this.audit.record(scope, {
          action: 'incident.sla_breached',
          targetKind: 'incident',
          targetId: id,
          after: { target, due_at: dueAt.toISOString() },
        });
    });
    return stored;
  }
}
