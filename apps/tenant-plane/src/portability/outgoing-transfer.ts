import { setTimeout as delay } from 'node:timers/promises';
import {
  type ChangeTracking,
  type RowChange,
  type TenantDatabase,
  type TenantScope,
} from '@atlas/persistence';
import { LEVEL_CHANGES, type TransferPartHeader } from '@atlas/plane-contract';
import { databaseFailure } from '@atlas/platform';
import { type Part, sealPart } from './part';
import { PartRows } from './part-rows';
import { type PortableRow, type RowCodec } from './row-codec';
import { pagesOf, rowsWith } from './row-store';
import { RowSums, idOf } from './row-sums';
import { Spool } from './spool';
import { type Sending, TargetBehind, type TransferRelay } from './transfer-relay';

const MAX_CHANGES = 2000;
/** How many changed rows are read at a time. The number is low, because each row may be large. */
const CHANGES_A_LOOK = 50;
/**
 * How many parts the target may be behind while more changes are waiting, so that it imports one part while
 * the next is in transit.
 */
const MAX_BEHIND = 2;
const LOOK_MS = 100;

export interface TransferTools {
  readonly tenants: TenantDatabase;
  readonly tracking: ChangeTracking;
  readonly relay: TransferRelay;
  /** Returns the name of a new run. The names of later runs sort after those of earlier runs. */
  nameRun(): Promise<string>;
}

export interface Outgoing extends Sending {
  /** The target's public key. */
  readonly recipient: Readonly<Record<string, unknown>>;
}

/**
 * Sends a tenant's rows: first a snapshot, then the changes made while the tenant stays in use, and, after
 * the freeze, the remaining changes and the checksums of all rows. After a database failure, run it again: it
 * resumes where it stopped. After a crash, nothing can be resumed, and the next process starts a new attempt.
 */
export class OutgoingTransfer {
  private attempt: string;
  private sums: RowSums;
  private part: number;
  private saidLevel: boolean;
  /**
   * How many parts the target has imported, as last reported; undefined if the Control Plane does not say.
   */
  private imported: number | undefined;
  /** How many parts the target may be behind when the next part is sent. */
  private mayBeBehind: number;
  private hasFrozen = false;
  private progress: 'none' | 'snapshot sent' | 'all sent' = 'none';
  private readonly freezing = new AbortController();

  constructor(
    private readonly tools: TransferTools,
    private readonly outgoing: Outgoing,
    private readonly codecs: readonly RowCodec[],
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    const waitEnds = AbortSignal.any([signal, this.freezing.signal]);
    try {
      if (this.progress === 'none') await this.begin(signal);
      while (!signal.aborted && this.progress !== 'all sent') {
        await this.letFollow(waitEnds);
        const hasSent = await this.sendChanges(await this.isFrozen(signal), signal);
        if (!hasSent) await delay(LOOK_MS, undefined, { signal: waitEnds }).catch(() => undefined);
      }
    } catch (error) {
      // After a refusal, it is unknown which parts have arrived.
      if (!databaseFailure(error)) this.progress = 'none';
      throw error;
    }
  }

  /** Call it once writes have stopped, so that the remaining changes are sent. */
  freeze(): void {
    this.freezing.abort();
  }

  /**
   * Waits while the target is behind. Changes accumulate in the meantime, so a slower target gets fewer and
   * larger parts.
   */
  private async letFollow(waitEnds: AbortSignal): Promise<void> {
    const count = this.part - this.mayBeBehind;
    while (this.imported !== undefined && this.imported < count && !waitEnds.aborted)
      this.imported = await this.tools.relay.imported(this.outgoing.transferId, count, waitEnds);
  }

  private async isFrozen(signal: AbortSignal): Promise<boolean> {
    if (this.freezing.signal.aborted && !this.hasFrozen) {
      await this.tools.tracking.freeze(this.outgoing.tenantId, signal);
      this.hasFrozen = true;
    }
    return this.hasFrozen;
  }

  private async begin(signal: AbortSignal): Promise<void> {
    const { tracking } = this.tools;
    const { tenantId } = this.outgoing;
    this.attempt = await this.tools.nameRun();
    this.sums = new RowSums(this.codecs.map(({ table }) => table));
    [this.part, this.saidLevel, this.mayBeBehind] = [0, false, MAX_BEHIND];
    if (!(await this.isFrozen(signal))) await tracking.start(tenantId, signal);
    await this.sendSnapshot(signal);
    this.progress = 'snapshot sent';
  }

  private async sendSnapshot(signal: AbortSignal): Promise<void> {
    const spool = await Spool.open();
    try {
      await this.tools.tenants.snapshot(this.outgoing.tenantId, (scope) =>
        this.spoolAll(scope, spool, signal),
      );
      for (let part = 1; part < spool.next && !signal.aborted; part += 1)
        await this.send(part, await spool.read(part), signal);
    } finally {
      await spool.close();
    }
  }

  private async spoolAll(scope: TenantScope, spool: Spool, signal: AbortSignal): Promise<void> {
    let part = new PartRows();
    const flush = async (): Promise<void> => {
      const { tables } = part;
      await spool.add(await this.seal({ tables }, 'snapshot', 0));
      part = new PartRows();
    };
    for (const codec of this.codecs) {
      for await (const page of pagesOf(scope, codec)) {
        signal.throwIfAborted();
        for (const row of page) {
          this.put(part, codec, row);
          if (part.isFull) await flush();
        }
        await this.tools.tenants.waitingWrites();
      }
    }
    await flush();
  }

  /**
   * Returns whether a part was sent. An empty part is sent if it is the last part, or if the previous part
   * did not say that the target has caught up.
   */
  private async sendChanges(isLast: boolean, signal: AbortSignal): Promise<boolean> {
    const { tenants, tracking } = this.tools;
    const { tenantId } = this.outgoing;
    const { found, taken, tables } = await tenants.snapshot(tenantId, async (scope) => {
      const rows = new PartRows();
      const changes = await tracking.read(scope.manager, tenantId, MAX_CHANGES);
      return { found: changes, taken: await this.fill(rows, scope, changes), tables: rows.tables };
    });
    const isAll = taken.length === found.length && found.length < MAX_CHANGES;
    const isWhole = isLast && isAll;
    if (taken.length === 0 && !isWhole && this.saidLevel) return false;
    const changes = isAll ? taken.length : MAX_CHANGES;
    this.saidLevel = changes <= LEVEL_CHANGES;
    // If this part contains all waiting changes, the next part is filled only once the target has imported
    // this one, so the target keeps up.
    this.mayBeBehind = isAll ? 0 : MAX_BEHIND;
    const part: Part = { tables, ...(isWhole && { manifest: this.sums.manifest() }) };
    const sealed = await this.seal(part, isWhole ? 'last' : 'changes', changes);
    await this.send(this.part, sealed, signal);
    // There can be no further changes. The remaining tracked changes are removed when tracking stops.
    if (isWhole) this.progress = 'all sent';
    else await tracking.forget(tenantId, taken);
    return true;
  }

  /**
   * If the target starts over, the Control Plane refuses changes until the target has caught up. After the
   * freeze, it never refuses them.
   */
  private async send(part: number, sealed: string, signal: AbortSignal): Promise<void> {
    const { relay } = this.tools;
    const { transferId } = this.outgoing;
    for (let refusals = 0; ; refusals += 1) {
      try {
        this.imported = await relay.send(this.outgoing, part, sealed, signal);
        return;
      } catch (error) {
        if (!(error instanceof TargetBehind)) throw error;
        const count = part - 1 - MAX_BEHIND;
        const waitEnds = AbortSignal.any([signal, this.freezing.signal]);
        const imported = await relay.imported(transferId, count, waitEnds);
        // Pauses if it is unknown when the part will be accepted.
        if (imported === undefined || (imported >= count && refusals > 0))
          await delay(error.pauseMs, undefined, { signal: waitEnds }).catch(() => undefined);
        signal.throwIfAborted();
      }
    }
  }

  /**
   * Adds changes to the part, oldest first, until the part is full: the current state of changed rows, and
   * the keys of deleted rows. Returns the changes that were added.
   */
  private async fill(
    part: PartRows,
    scope: TenantScope,
    changes: readonly RowChange[],
  ): Promise<readonly RowChange[]> {
    const sent = new Set<string>();
    for (let from = 0; from < changes.length; from += CHANGES_A_LOOK) {
      const some = changes.slice(from, from + CHANGES_A_LOOK);
      const rows = await this.rowsOf(scope, some);
      for (const [index, { table, key }] of some.entries()) {
        if (part.isFull) return changes.slice(0, from + index);
        const codec = this.codecs.find((one) => one.table === table);
        const id = idOf(table, key);
        if (!codec || sent.has(id)) continue;
        sent.add(id);
        const row = rows.get(id);
        if (row) this.put(part, codec, row);
        else this.remove(part, table, key);
      }
    }
    return changes;
  }

  private async rowsOf(
    scope: TenantScope,
    changes: readonly RowChange[],
  ): Promise<ReadonlyMap<string, PortableRow>> {
    const found = new Map<string, PortableRow>();
    for (const codec of this.codecs) {
      const keys = changes.filter(({ table }) => table === codec.table).map(({ key }) => key);
      for (const row of await rowsWith(scope, codec, keys))
        found.set(idOf(codec.table, codec.keyOf(row)), row);
    }
    return found;
  }

  private put(part: PartRows, codec: RowCodec, row: PortableRow): void {
    part.put(codec.table, row);
    this.sums.put(codec.table, codec.keyOf(row), codec.hashOf(row));
  }

  private remove(part: PartRows, table: string, key: readonly string[]): void {
    part.remove(table, key);
    this.sums.remove(table, key);
  }

  private seal(part: Part, kind: TransferPartHeader['kind'], changes: number): Promise<string> {
    const { transferId: transfer, recipient } = this.outgoing;
    this.part += 1;
    const header = { transfer, attempt: this.attempt, part: this.part, kind, changes };
    return sealPart(part, header, recipient);
  }
}
