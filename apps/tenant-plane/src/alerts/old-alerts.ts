import { type TenantScope } from '@atlas/persistence';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { In, LessThanOrEqual } from 'typeorm';
import { ofNoOpenIncident } from '../incidents/of-no-open-incident';
import { HISTORY_BATCH, type OldBatch, OldHistory } from '../retention/old-history';
import { Alert } from './alert.entity';

/**
 * Deletes alerts that ended long ago, except for those of incidents that are not closed. If such an alert
 * fires again, it is a new alert.
 */
@Injectable()
export class OldAlerts {
  constructor(history: OldHistory) {
    history.on(deleteOldAlerts);
  }
}

/**
 * An alert counts as ended when the plane received that, because senders choose `ends_at` freely. The
 * tenant's first alert stays, because it is the evidence of a step of the onboarding.
 */
async function deleteOldAlerts(scope: TenantScope, { before, after }: OldBatch): Promise<string | null> {
  const isOver = { status: 'resolved', lastReceivedAt: LessThanOrEqual(before) } as const;
  const [first] = await scope.find(Alert, { select: { id: true }, order: { id: 'ASC' }, take: 1 });
  if (!first) return null;
  const old = await scope
    .query(Alert, 'alert')
    .select('alert.id', 'id')
    .andWhere(isOver)
    .andWhere('alert.id > :after', { after: first.id > after ? first.id : after })
    // No alert ends before it is created. This spares the index the younger ones.
    .andWhere('alert.id < :until', { until: uuidv7(new Date(before.getTime() + 1)) })
    .andWhere(ofNoOpenIncident('alert'))
    .orderBy('alert.id')
    .limit(HISTORY_BATCH)
    .getRawMany<{ id: string }>();
  const ids = old.map(({ id }) => id);
  // Those that have fired again in the meantime stay.
  if (ids.length > 0) await scope.delete(Alert, { ...isOver, id: In(ids) });
  return ids.length < HISTORY_BATCH ? null : (ids.at(-1) ?? null);
}
