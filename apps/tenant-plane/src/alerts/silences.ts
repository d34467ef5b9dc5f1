import { TenantDatabase, type TenantScope, lockedForUpdate } from '@atlas/persistence';
import { Clock, DomainError, type Page, type PageQuery, pageOf, validationFailed } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { CreateSilenceDto, type SilenceView } from '@atlas/tenant-api/alerts';
import { Injectable } from '@nestjs/common';
import { In, IsNull, LessThanOrEqual, MoreThan, Not } from 'typeorm';
import { Audit } from '../audit/audit';
import { DataSource } from '../data-sources/data-source.entity';
import { lockPolicies } from '../database/policy-lock';
import { DueWork } from '../due/due-work';
import { AlertIncidents } from './alert-incidents';
import { Alert } from './alert.entity';
import { matchersOf, silencing, sizeOf } from './silence-matching';
import { Silence } from './silence.entity';

/**
 * Every alert is compared with every silence, so a tenant may have only about so many that have not ended.
 */
const MAX_SILENCES = 100;
/** How many instructions the regular expressions of these silences may have together. */
const MAX_SIZE = 2000;
/** How many alerts one transaction releases. Each may open an incident. */
const ALERTS_A_PART = 100;
const [EARLIEST, LATEST] = [new Date('2000-01-01T00:00:00Z'), new Date('9999-01-01T00:00:00Z')];

@Injectable()
export class Silences {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly incidents: AlertIncidents,
    private readonly audit: Audit,
    private readonly clock: Clock,
    due: DueWork,
  ) {
    due.on('silences', async (scope, id) => {
      const silence = await lockedWithSources(scope, id);
      const now = this.clock.now();
      if (!silence?.dueAt || silence.dueAt > now || (await this.release(scope, id, now)) > 0) return;
      await scope.update(Silence, { id }, { dueAt: null });
    });
  }

  /** Throws `validation_failed` and `too_many_silences`. */
  create(tenantId: string, createdBy: string, dto: CreateSilenceDto): Promise<SilenceView> {
    const [startsAt, endsAt] = [new Date(dto.starts_at), new Date(dto.ends_at)];
    return this.tenants.write(tenantId, async (scope) => {
      const now = this.clock.now();
      if (endsAt <= startsAt || endsAt <= now)
        throw validationFailed([
          { field: 'ends_at', message: 'ends_at must be after starts_at and after now' },
        ]);
      if (startsAt < EARLIEST || endsAt > LATEST)
        throw validationFailed([
          { field: 'starts_at', message: 'starts_at and ends_at must be in the years 2000 to 9998' },
        ]);
      const silence: Silence = {
        tenantId,
        id: uuidv7(now),
        matchers: matchersOf(dto.matchers),
        startsAt,
        endsAt,
        comment: dto.comment.trim(),
        createdBy,
        createdAt: now,
        dueAt: endsAt,
      };
      await requireRoom(scope, silence);
      await scope.insert(Silence, silence);
      const { matchers, comment } = silence;
      const after = { matchers, starts_at: startsAt.toISOString(), ends_at: endsAt.toISOString(), comment };
      await this.record(scope, 'silence.created', silence.id, after);
      return silenceView(silence, now);
    });
  }

  async list(tenantId: string, { cursor, limit }: PageQuery): Promise<Page<SilenceView>> {
    const rows = await this.tenants.read(tenantId, (scope) => {
      const query = scope
        .query(Silence, 'silence')
        .orderBy('silence.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('silence.id < :cursor', { cursor });
      return query.getMany();
    });
    const now = this.clock.now();
    return pageOf(rows, limit, (row) => silenceView(row, now));
  }

  /** Throws `silence_not_found`. */
  async get(tenantId: string, id: string): Promise<SilenceView> {
    const silence = await this.tenants.read(tenantId, (scope) => scope.findOne(Silence, { id }));
    if (!silence) throw silenceNotFound();
    return silenceView(silence, this.clock.now());
  }

  /**
   * Ends a silence. If many alerts are still firing under it, the incidents of the others open soon
   * afterwards. Does nothing if the silence has ended. Throws `silence_not_found`.
   */
  expire(tenantId: string, id: string): Promise<void> {
    return this.tenants.write(tenantId, async (scope) => {
      const silence = await lockedWithSources(scope, id);
      if (!silence) throw silenceNotFound();
      const now = this.clock.now();
      if (silence.endsAt <= now) return;
      // It stays due. Later, no request relies on it any more.
      await scope.update(Silence, { id }, { endsAt: now, dueAt: now });
      await this.release(scope, id, now);
      await this.record(scope, 'silence.expired', id);
    });
  }

  /**
   * Opens incidents for alerts that are still firing under a silence, unless another silence applies to them.
   * Returns how many alerts it has looked at: none if the silence has no alerts left.
   */
  private async release(scope: TenantScope, id: string, now: Date): Promise<number> {
    const silenced = silencing(await activeSilences(scope, now));
    const where = { silenceId: id };
    const alerts = await scope.find(Alert, { where, order: { id: 'ASC' }, take: ALERTS_A_PART });
    const released: Alert[] = [];
    for (const alert of alerts)
      released.push({ ...alert, silenceId: (await silenced(alert.labels))?.id ?? null });
    const sourceIds = [...new Set(released.map(({ sourceId }) => sourceId))];
    const sources = await scope.find(DataSource, { where: { id: In(sourceIds) }, order: { id: 'ASC' } });
    for (const source of sources) {
      const own = released.filter(({ sourceId }) => sourceId === source.id);
      // Nothing would ever resolve the incidents of a deleted source.
      const starting = source.deletedAt ? [] : own.filter(({ silenceId }) => silenceId === null);
      await this.incidents.follow(scope, source, now, { alerts: own, starting, ended: [] });
    }
    return alerts.length;
  }

  private record(
    scope: TenantScope,
    action: string,
    id: string,
    after?: Record<string, unknown>,
  ): Promise<void> {
    return this.audit.record(scope, { action, targetKind: 'silence', targetId: id, ...(after && { after }) });
  }
}

/** Throws `too_many_silences`. The second of two concurrent calls counts the silence of the first. */
async function requireRoom(scope: TenantScope, { matchers }: Silence): Promise<void> {
  await lockPolicies(scope);
  const unended = await scope.find(Silence, { where: { dueAt: Not(IsNull()) } });
  if (unended.length >= MAX_SILENCES) throw tooManySilences();
  const all = [...unended.flatMap((one) => one.matchers), ...matchers];
  if (sizeOf(all) > MAX_SIZE) throw patternsTooLarge();
}

/** The silences that have begun and have not been ended. */
export function activeSilences(scope: TenantScope, now: Date): Promise<Silence[]> {
  const where = { dueAt: MoreThan(now), startsAt: LessThanOrEqual(now) };
  return scope.find(Silence, { where, order: { id: 'ASC' } });
}

/**
 * Locks all data sources, and then a silence. A request that has compared its alerts with the silence
 * therefore finishes first, and every later request sees the end of the silence. Null if the silence does not
 * exist.
 */
async function lockedWithSources(scope: TenantScope, id: string): Promise<Silence | null> {
  const sources = scope.query(DataSource, 'source').select(['source.tenantId', 'source.id']);
  await lockedForUpdate(sources.orderBy('source.id')).getMany();
  return lockedForUpdate(scope.query(Silence, 'silence').andWhere({ id })).getOne();
}

function silenceView(silence: Silence, now: Date): SilenceView {
  const { startsAt, endsAt, dueAt } = silence;
  const isOver = dueAt === null || endsAt <= now;
  return {
    id: silence.id,
    matchers: silence.matchers,
    starts_at: startsAt,
    ends_at: endsAt,
    comment: silence.comment,
    state: isOver ? 'expired' : startsAt > now ? 'pending' : 'active',
    created_by: silence.createdBy,
    created_at: silence.createdAt,
  };
}

function silenceNotFound(): DomainError {
  return new DomainError('silence_not_found', 'not_found', 'There is no such silence.');
}

function tooManySilences(): DomainError {
  const detail = `A tenant may have ${MAX_SILENCES} silences that have not ended. End some of them first.`;
  return new DomainError('too_many_silences', 'conflict', detail);
}

function patternsTooLarge(): DomainError {
  const detail =
    'The regular expressions of the silences that have not ended would be too large together. End some of ' +
    'these silences first, or use shorter expressions with fewer repetitions.';
  return new DomainError('too_many_silences', 'conflict', detail);
}
