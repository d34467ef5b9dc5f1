import { setTimeout as delay } from 'node:timers/promises';
import {
  type ChangeTracking,
  type RowChange,
  type TenantDatabase,
  type TenantScope,
} from '@atlas/persistence';
import { type TransferPartHeader } from '@atlas/plane-contract';
import { databaseFailure } from '@atlas/platform';
import { type Part, type TableRows, sealPart } from './part';
import { type PortableRow, type RowCodec } from './row-codec';
import { pagesOf, rowsWith } from './row-store';
import { RowSums } from './row-sums';
import { Spool } from './spool';
import { type TransferRelay } from './transfer-relay';

/** Characters of rows in a part, before packing. */
const PART_LENGTH = 1_000_000;
const MAX_CHANGES = 2000;
const LOOK_MS = 100;

export interface TransferTools {
  readonly tenants: TenantDatabase;
  readonly tracking: ChangeTracking;
  readonly relay: TransferRelay;
  /** Names a run; later ones sort behind earlier ones. */
  nameRun(): Promise<string>;
}

export interface Outgoing {
  readonly transferId: string;
  readonly tenantId: string;
  /** The target's public key. */
  readonly recipient: Readonly<Record<string, unknown>>;
}

/**
 * Sends a tenant's rows: as they are at one moment, then what changes, while the tenant goes on working; frozen, what is
 * left and the sums of it all. Run again after the database failed, it goes on where it was. A process that dies leaves
 * nothing to go on with: the next begins a new attempt.
 */
export class OutgoingTransfer {
  private attempt: string;
  private sums: RowSums;
  private part: number;
  private saidLevel: boolean;
  private shallFreeze = false;
  private hasFrozen = false;
  private progress: 'none' | 'snapshot sent' | 'all sent' = 'none';
  private wake: () => void = () => undefined;

  constructor(
    private readonly tools: TransferTools,
    private readonly outgoing: Outgoing,
    private readonly codecs: readonly RowCodec[],
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    try {
      if (this.progress === 'none') await this.begin(signal);
      while (!signal.aborted && this.progress !== 'all sent') {
        const hasSent = await this.sendChanges(await this.isFrozen(signal), signal);
        if (!hasSent) await this.pause(signal);
      }
    } catch (error) {
      // Which parts are there nobody knows, when one was refused.
      if (!databaseFailure(error)) this.progress = 'none';
      throw error;
    }
  }

  /** From now on nothing may be written; what is left is sent. */
  freeze(): void {
    this.shallFreeze = true;
    this.wake();
  }

  private async isFrozen(signal: AbortSignal): Promise<boolean> {
    if (this.shallFreeze && !this.hasFrozen) {
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
    [this.part, this.saidLevel] = [0, false];
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
        await this.tools.relay.send(this.outgoing.transferId, part, await spool.read(part), signal);
    } finally {
      await spool.close();
    }
  }

  private async spoolAll(scope: TenantScope, spool: Spool, signal: AbortSignal): Promise<void> {
    let tables: { table: string; rows: PortableRow[] }[] = [];
    let length = 0;
    const flush = async (): Promise<void> => {
      await spool.add(await this.seal({ tables }, 'snapshot', 0));
      [tables, length] = [[], 0];
    };
    for (const codec of this.codecs) {
      for await (const page of pagesOf(scope, codec)) {
        signal.throwIfAborted();
        for (const row of page) {
          this.sums.put(codec.table, codec.keyOf(row), codec.hashOf(row));
          if (tables.at(-1)?.table !== codec.table) tables.push({ table: codec.table, rows: [] });
          tables.at(-1)?.rows.push(row);
          length += JSON.stringify(row).length;
          if (length >= PART_LENGTH) await flush();
        }
      }
    }
    await flush();
  }

  /** Answers with whether there was anything to send. An empty part is sent once, to say that the target is level; and as the last. */
  private async sendChanges(isLast: boolean, signal: AbortSignal): Promise<boolean> {
    const { tenants, tracking, relay } = this.tools;
    const { tenantId, transferId } = this.outgoing;
    const { changes, tables } = await tenants.snapshot(tenantId, async (scope) => {
      const found = await tracking.read(scope.manager, tenantId, MAX_CHANGES);
      return { changes: found, tables: await this.tablesOf(scope, found) };
    });
    const isWhole = isLast && changes.length < MAX_CHANGES;
    if (changes.length === 0 && !isWhole && this.saidLevel) return false;
    this.saidLevel ||= changes.length < MAX_CHANGES;
    const part: Part = { tables, ...(isWhole && { manifest: this.sums.manifest() }) };
    const sealed = await this.seal(part, isWhole ? 'last' : 'changes', changes.length);
    await relay.send(transferId, this.part, sealed, signal);
    // Nothing changes any more: what is left of it goes with the tracking.
    if (isWhole) this.progress = 'all sent';
    else await tracking.forget(tenantId, changes);
    return true;
  }

  /** The rows that were changed, as they are now, and the keys of those that are gone. */
  private async tablesOf(scope: TenantScope, changes: readonly RowChange[]): Promise<TableRows[]> {
    const tables: TableRows[] = [];
    for (const codec of this.codecs) {
      const changed = changes.filter(({ table }) => table === codec.table);
      const keys = [...new Map(changed.map(({ key }) => [key.join('\0'), key])).values()];
      if (keys.length === 0) continue;
      const rows = await rowsWith(scope, codec, keys);
      const there = new Set(rows.map((row) => codec.keyOf(row).join('\0')));
      const deleted = keys.filter((key) => !there.has(key.join('\0')));
      for (const row of rows) this.sums.put(codec.table, codec.keyOf(row), codec.hashOf(row));
      for (const key of deleted) this.sums.remove(codec.table, key);
      tables.push({ table: codec.table, rows, deleted });
    }
    return tables;
  }

  private seal(part: Part, kind: TransferPartHeader['kind'], changes: number): Promise<string> {
    const { transferId: transfer, recipient } = this.outgoing;
    this.part += 1;
    const header = { transfer, attempt: this.attempt, part: this.part, kind, changes };
    return sealPart(part, header, recipient);
  }

  private async pause(signal: AbortSignal): Promise<void> {
    const woken = new Promise<void>((resolve) => (this.wake = resolve));
    await Promise.race([woken, delay(LOOK_MS, undefined, { signal }).catch(() => undefined)]);
  }
}
