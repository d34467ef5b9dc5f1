import { Database, insertIfAbsent, updateRows } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { In, IsNull } from 'typeorm';
import { Placement } from '../registry/placement.entity';
import { Drifts } from './drifts';
import { ReconcileChange, ReconcileCursor } from './reconcile-state.entity';
import { type Batch, Reconciler } from './reconciler';
import { InfrastructureSubjects } from './subjects/infrastructure-subjects';
import { PlaneSubjects } from './subjects/plane-subjects';
import { PAGE, type Subjects } from './subjects/subject';
import { TenantSubjects } from './subjects/tenant-subjects';

/** How many pages of each source a round compares. With 500 subjects each, 50 rounds compare 100,000. */
const PAGES = 4;
const CHANGES = 500;

/** The name of the cursor of the open drifts. */
const OPEN_DRIFTS = 'drifts';

/**
 * The rounds in the background. Each compares what has changed since the previous round, and a share of the
 * rest, so its cost does not depend on how many tenants there are. The positions are stored, so a round
 * continues where the previous one ended, in whichever process.
 */
@Injectable()
export class ReconcileRounds {
  private readonly pages = PAGES;

  constructor(
    private readonly database: Database,
    private readonly reconciler: Reconciler,
    private readonly drifts: Drifts,
    private readonly tenants: TenantSubjects,
    private readonly planes: PlaneSubjects,
    private readonly infrastructure: InfrastructureSubjects,
  ) {}

  async run(): Promise<void> {
    while (await this.compareChanges());
    await this.compareShare();
  }

  /** Forgets what has changed, if no round will ask for it. */
  async forgetChanges(): Promise<void> {
    await this.database.write((manager) =>
      manager.createQueryBuilder().delete().from(ReconcileChange).execute(),
    );
  }

  /**
   * Compares some of the subjects that have changed, and returns whether there may be more. The changes are
   * forgotten only afterwards, so that a process that dies leaves them to the next round. A subject with a
   * job is not compared, but noted again when the job ends.
   */
  private async compareChanges(): Promise<boolean> {
    const changes = await this.database.read((manager) =>
      manager.find(ReconcileChange, { order: { position: 'ASC' }, take: CHANGES }),
    );
    if (changes.length === 0) return false;
    const idsOf = (kind: string): string[] =>
      changes.filter((change) => change.kind === kind).map(({ subjectId }) => subjectId);
    const planes = distinct(idsOf('tenant_plane'));
    const tenants = distinct([...idsOf('tenant'), ...(await this.unheardOn(planes))]);
    await this.reconciler.compare(
      this.batches([
        [this.tenants, tenants],
        // Before the planes, because repairing a record may be all that a plane needs.
        [this.infrastructure, planes],
        [this.planes, planes],
      ]),
    );
    const position = In(changes.map((change) => change.position));
    await this.database.write((manager) => manager.delete(ReconcileChange, { position }));
    return changes.length === CHANGES;
  }

  /** Tenants about whose newest entry their plane has not reported. */
  private async unheardOn(planes: readonly string[]): Promise<string[]> {
    if (planes.length === 0) return [];
    const rows = await this.database.read((manager) =>
      manager
        .createQueryBuilder(Placement, 'place')
        .select('place.tenantId', 'id')
        .where({ tenantPlaneId: In([...planes]) })
        // This condition matches the partial index.
        .andWhere('place.reported_revision < place.entry_revision')
        .limit(PAGE)
        .getRawMany<{ id: string }>(),
    );
    return rows.map(({ id }) => id);
  }

  private async *batches(wanted: readonly (readonly [Subjects, readonly string[]])[]): AsyncGenerator<Batch> {
    for (const [source, ids] of wanted)
      for (let at = 0; at < ids.length; at += PAGE)
        yield await this.reconciler.some(source, ids.slice(at, at + PAGE));
  }

  private async compareShare(): Promise<void> {
    const before = await this.cursors();
    const after = new Map(before);
    const look = await this.reconciler.compare(this.share(after));
    const open = await this.drifts.openPage(before.get(OPEN_DRIFTS) ?? null);
    await this.reconciler.settle(open.rows, look);
    after.set(OPEN_DRIFTS, open.next);
    for (const [name, position] of after) await this.advance(name, before.get(name), position);
  }

  private async *share(positions: Map<string, string | null>): AsyncGenerator<Batch> {
    for (const source of this.reconciler.sources) {
      const { name } = source;
      const from = { position: positions.get(name) ?? null, most: this.pages };
      yield* this.reconciler.pages(source, from, (next) => positions.set(name, next));
    }
  }

  private async cursors(): Promise<Map<string, string | null>> {
    const rows = await this.database.read((manager) => manager.find(ReconcileCursor));
    return new Map(rows.map(({ name, position }) => [name, position]));
  }

  /** Does nothing if another process, whose round overlapped with this one, has advanced the position. */
  private async advance(
    name: string,
    before: string | null | undefined,
    position: string | null,
  ): Promise<void> {
    if (before === position) return;
    await this.database.write(async (manager) => {
      if (before === undefined) await insertIfAbsent(manager, ReconcileCursor, { name, position });
      const where = { name, position: before ?? IsNull() };
      await updateRows(manager, ReconcileCursor, where, { position });
    });
  }
}

function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
