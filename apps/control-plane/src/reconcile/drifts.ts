import { ListDriftsQuery, type DriftView } from '@atlas/operator-api';
import { Database, insertIfAbsent } from '@atlas/persistence';
import { Clock, type Page, pageOf } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull, MoreThan } from 'typeorm';
import { Audit } from '../audit/audit';
import { driftFound, driftResolved } from '../outbox/new-event';
import { Outbox } from '../outbox/outbox';
import { type DriftCheck } from './checks/drift-check';
import { Drift } from './drift.entity';
import { failedRepairs, whyNotRepaired } from './repair-limit';
import { pagesById } from './subjects/subject';

/** The drifts found so far, open and resolved. Each change is audited. */
@Injectable()
export class Drifts {
  constructor(
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Returns false if another process has just recorded the drift. */
  async open(
    manager: EntityManager,
    { kind, subjects }: DriftCheck,
    { subjectId, detail }: { readonly subjectId: string; readonly detail: string },
  ): Promise<boolean> {
    const now = this.clock.now();
    const before = await manager.findOne(Drift, { where: { kind, subjectId }, order: { id: 'DESC' } });
    const seen = { id: uuidv7(now), firstSeenAt: now, lastSeenAt: now, resolvedAt: null, repaired: false };
    const known = { ...seen, failedRepairs: failedRepairs(before, now) };
    const drift = { ...known, kind, subjectKind: subjects.kind, subjectId, detail };
    const isNew = await insertIfAbsent(manager, Drift, drift);
    if (isNew) {
      await this.tell(manager, 'drift.found', drift);
      await this.outbox.add(manager, driftFound(drift));
    }
    return isNew;
  }

  whyNotRepaired(drift: Drift): string | null {
    return whyNotRepaired(drift, this.clock.now());
  }

  async seenAgain(manager: EntityManager, { id }: Drift, detail: string): Promise<void> {
    await manager.update(Drift, { id, resolvedAt: IsNull() }, { lastSeenAt: this.clock.now(), detail });
  }

  /** Returns false if another process has just resolved the drift. */
  async resolve(manager: EntityManager, drift: Drift, how: 'repaired' | 'gone'): Promise<boolean> {
    const resolved = { resolvedAt: this.clock.now(), repaired: how === 'repaired' };
    const { affected } = await manager.update(Drift, { id: drift.id, resolvedAt: IsNull() }, resolved);
    if (affected) {
      await this.tell(manager, `drift.${how}`, drift);
      await this.outbox.add(manager, driftResolved(drift, how));
    }
    return affected === 1;
  }

  openPages(): AsyncIterable<readonly Drift[]> {
    return pagesById((after, take) => {
      const where = { resolvedAt: IsNull(), id: MoreThan(after) };
      return this.database.read((manager) => manager.find(Drift, { where, order: { id: 'ASC' }, take }));
    });
  }

  async isOpen(kind: string, subjectId: string): Promise<boolean> {
    return this.database.read((manager) =>
      manager.existsBy(Drift, { kind, subjectId, resolvedAt: IsNull() }),
    );
  }

  /** How many drifts are open, by kind. */
  async counts(): Promise<Map<string, number>> {
    const rows = await this.database.read((manager) =>
      manager
        .createQueryBuilder(Drift, 'drift')
        .select('drift.kind', 'kind')
        .addSelect('count(*)', 'open')
        .where('drift.resolvedAt is null')
        .groupBy('drift.kind')
        .getRawMany<{ kind: string; open: string | number }>(),
    );
    return new Map(rows.map(({ kind, open }) => [kind, Number(open)]));
  }

  /** Newest first. */
  async list({ resolved, cursor, limit }: ListDriftsQuery): Promise<Page<DriftView>> {
    const rows = await this.database.read((manager) => {
      const query = manager
        .createQueryBuilder(Drift, 'drift')
        .orderBy('drift.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('drift.id < :cursor', { cursor });
      if (resolved !== undefined) query.andWhere(`drift.resolvedAt is ${resolved ? 'not null' : 'null'}`);
      return query.getMany();
    });
    return pageOf(rows, limit, driftView);
  }

  private tell(
    manager: EntityManager,
    action: string,
    drift: Pick<Drift, 'id' | 'kind' | 'subjectKind' | 'subjectId' | 'detail'>,
  ): Promise<void> {
    const { id, kind, subjectKind, subjectId, detail } = drift;
    const after = { kind, subject: { kind: subjectKind, id: subjectId }, detail };
    return this.audit.record(manager, { action, targetKind: 'drift', targetId: id, after });
  }
}

function driftView(drift: Drift): DriftView {
  return {
    id: drift.id,
    kind: drift.kind,
    subject: { kind: drift.subjectKind, id: drift.subjectId },
    detail: drift.detail,
    first_seen_at: drift.firstSeenAt,
    last_seen_at: drift.lastSeenAt,
    resolved_at: drift.resolvedAt,
    repaired: drift.repaired,
  };
}
