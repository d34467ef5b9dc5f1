import { Database, type TenantScope, lockedForUpdate } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { DueWork } from '../due/due-work';
import { deleteBuckets } from './buckets';
import { MINUTE_MS, minuteOf } from './minutes';
import { oldestKept } from './retention';
import { SloEpisodes } from './slo-episodes';
import { SloMeasurements } from './slo-measurements';
import { Slo } from './slo.entity';

/** When the burn rates are evaluated next. */
export function evaluationAfter(now: Date): Date {
  return new Date(now.getTime() + MINUTE_MS);
}

/** Attends to each SLO every minute. */
@Injectable()
export class SloEvaluations {
  constructor(
    due: DueWork,
    private readonly database: Database,
    private readonly episodes: SloEpisodes,
    private readonly measurements: SloMeasurements,
    private readonly clock: Clock,
  ) {
    due.on('slos', (scope, id) => this.attendTo(scope, id));
  }

  private async attendTo(scope: TenantScope, id: string): Promise<void> {
    const now = this.clock.now();
    const slo = await lockedForUpdate(scope.query(Slo, 'slo').andWhere({ id })).getOne();
    if (!slo?.dueAt || slo.dueAt > now) return;
    if (slo.deletedAt) return this.purge(scope, id, now);
    await deleteBuckets(scope, id, oldestKept(now));
    if (slo.indicator.kind === 'prometheus') {
      await scope.update(Slo, { id }, { dueAt: evaluationAfter(now) });
      // It follows the episode, because nobody knows what is going on as long as Prometheus does not tell.
      return this.database.afterCommit(() => this.measurements.start(scope.tenantId, id));
    }
    const { firing, incidentId } = await this.episodes.follow(scope, slo, now);
    await scope.update(Slo, { id }, { firing, incidentId, dueAt: evaluationAfter(now) });
  }

  /** Deletes some of a deleted SLO. It stays due until nothing is left. */
  private async purge(scope: TenantScope, id: string, now: Date): Promise<void> {
    if (await deleteBuckets(scope, id, minuteOf(now) + 1)) await scope.delete(Slo, { id });
  }
}
