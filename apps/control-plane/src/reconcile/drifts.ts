import { ListDriftsQuery, type DriftView } from '@atlas/operator-api';
import { Database, insertIfAbsent } from '@atlas/persistence';
import { Clock, type Page, pageOf } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, IsNull, MoreThan } from 'typeorm';
import { Audit } from '../audit/audit';
import { driftFound, driftResolved } from '../outbox/new-event';
import { Outbox } from '../outbox/outbox';
import { type DriftCheck } from './checks/drift-check';
import { Drift } from './drift.entity';
import { failedRepairs, whyNotRepaired } from './repair-limit';
import { pageById } from './subjects/subject';

/** The drifts found so far, open and resolved. Each change is audited. */
@Injectable()
export class Drifts {
  constructor(
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Returns null if another process has just recorded the drift. */
  async open(
    manager: EntityManager,
    { kind, subjects }: DriftCheck,
    { subjectId, detail }: { readonly subjectId: string; readonly detail: string },
  ): Promise<Drift | null> {
    const now = this.clock.now();
    const before = await manager.findOne(Drift, { where: { kind, subjectId }, order: { id: 'DESC' } });
    const seen = { id: uuidv7(now), firstSeenAt: now, lastSeenAt: now, resolvedAt: null, repaired: false };
    const known = { ...seen, failedRepairs: failedRepairs(before, now) };
    const drift = { ...known, kind, subjectKind: subjects.kind, subjectId, detail };
    if (!(await insertIfAbsent(manager, Drift, drift))) return null;
    await this.tell(manager, 'drift.found', drift);
    await this.outbox.add(manager, driftFound(drift));
    return drift;
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

  /** A page of the open drifts: the oldest ones, or those after `position`. */
  openPage(
    position: string | null,
  ): Promise<{ readonly rows: readonly Drift[]; readonly next: string | null }> {
    return pageById(position, (after, take) => {
      const where = { resolvedAt: IsNull(), id: MoreThan(after) };
      return this.database.read((manager) => manager.find(Drift, { where, order: { id: 'ASC' }, take }));
    });
  }

  /** Tells which of these kinds of drift are open for which of these subjects. */
  async openAmong(
    suspects: readonly (readonly [kind: string, subjectId: string])[],
  ): Promise<(kind: string, subjectId: string) => boolean> {
    if (suspects.length === 0) return () => false;
    const [kinds, ids] = [new Set(suspects.map(([kind]) => kind)), new Set(suspects.map(([, id]) => id))];
    const where = { kind: In([...kinds]), subjectId: In([...ids]), resolvedAt: IsNull() };
    const select = { id: true, kind: true, subjectId: true };
    const open = await this.database.read((manager) => manager.find(Drift, { where, select }));
    const known = new Set(open.map(({ kind, subjectId }) => `${kind} ${subjectId}`));
    return (kind, subjectId) => known.has(`${kind} ${subjectId}`);
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
