import { type TenantScope } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { HISTORY_BATCH, type OldBatch, OldHistory } from '../retention/old-history';
import { DAY_MINUTES, minuteOf } from './minutes';
import { SloBucket } from './slo-bucket.entity';
import { Slo } from './slo.entity';

/** Deletes events that no chart of the days that are kept needs. Each of its points counts a whole window. */
@Injectable()
export class OldBuckets {
  constructor(history: OldHistory) {
    history.on(deleteOldBuckets);
  }
}

async function deleteOldBuckets(scope: TenantScope, { before }: OldBatch): Promise<string | null> {
  const old = await scope
    .query(SloBucket, 'bucket')
    .innerJoin(Slo, 'slo', 'slo.tenantId = bucket.tenantId and slo.id = bucket.sloId')
    .select('bucket.id', 'id')
    .andWhere(`bucket.minute < :minute - slo.windowDays * ${DAY_MINUTES}`, { minute: minuteOf(before) })
    .limit(HISTORY_BATCH)
    .getRawMany<{ id: string }>();
  const ids = old.map(({ id }) => id);
  if (ids.length > 0) await scope.delete(SloBucket, { id: In(ids) });
  return ids.length < HISTORY_BATCH ? null : (ids.at(-1) ?? null);
}
