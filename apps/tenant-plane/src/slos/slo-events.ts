import { TenantDatabase } from '@atlas/persistence';
import { Clock, validationFailed } from '@atlas/platform';
import { type AddSloEventsDto, type SloEventsView } from '@atlas/tenant-api/slos';
import { Injectable } from '@nestjs/common';
import { addToBucket } from './buckets';
import { DAY_MINUTES, MINUTE_MS, minuteOf, timeOf } from './minutes';
import { lockedSlo } from './slo-locks';
import { type Slo } from './slo.entity';
import { eventsNotAccepted, eventsOutOfWindow } from './slo.errors';

/** How far the clock of a caller may be ahead. */
const TOLERANCE_MS = MINUTE_MS;

/** Events that callers count themselves. */
@Injectable()
export class SloEvents {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly clock: Clock,
  ) {}

  /** Throws `slo_not_found`, `events_not_accepted` and `events_out_of_window`. */
  async add(tenantId: string, id: string, { good, total, at }: AddSloEventsDto): Promise<SloEventsView> {
    if (good > total)
      throw validationFailed([{ field: 'good', message: 'good must not be greater than total' }]);
    return this.tenants.write(tenantId, async (scope) => {
      const slo = await lockedSlo(scope, id, 'share');
      if (slo.indicator.kind !== 'events') throw eventsNotAccepted();
      const minute = minuteIn(slo, at, this.clock.now());
      await addToBucket(scope, id, minute, { good, total });
      return { at: timeOf(minute), good, total };
    });
  }
}

/** The minute in which events are counted. Events that seem to be in the future are counted now. */
function minuteIn(slo: Slo, at: string | undefined, now: Date): number {
  const [time, latest] = [at === undefined ? now : new Date(at), now.getTime() + TOLERANCE_MS];
  const earliest = now.getTime() - slo.windowDays * DAY_MINUTES * MINUTE_MS;
  if (time.getTime() > latest || time.getTime() < earliest) throw eventsOutOfWindow(slo);
  return Math.min(minuteOf(time), minuteOf(now));
}
