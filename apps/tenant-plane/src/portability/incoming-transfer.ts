import { type TenantScope, violatesUnique } from '@atlas/persistence';
import { Logger } from '@nestjs/common';
import { type CryptoKey } from 'jose';
import { type Part, joined, openPart } from './part';
import { type PortableRow, type RowCodec } from './row-codec';
import { deleteAll, deleteRows, putRows, rowsWith } from './row-store';
import { RowSums, differences } from './row-sums';
import { TransferFailed } from './transfer-failed';
import { type TransferRelay } from './transfer-relay';

export interface Incoming {
  readonly transferId: string;
  /** Decrypts what is sent to this plane. */
  readonly key: CryptoKey;
}

export interface IncomingTools {
  readonly relay: TransferRelay;
  /** Returns the name of a new run. The names of later runs sort after those of earlier runs. */
  nameRun(): Promise<string>;
  /** Runs one transaction for the tenant. */
  write<T>(work: (scope: TenantScope) => Promise<T>): Promise<T>;
  /** Records whether the copy is complete, before the Control Plane is notified. */
  markWhole(isWhole: boolean): Promise<void>;
}

/**
 * Imports a tenant's rows part by part, each part in one transaction. Reads the rows back, so that the sums
 * describe what this database really contains. After a failure, run it again: it resumes with the part that
 * failed, and importing a part twice changes nothing. A new instance starts from the first part.
 */
export class IncomingTransfer {
  private readonly logger = new Logger(IncomingTransfer.name);
  private importer?: string;
  private sums: RowSums;
  private attempt?: string;
  private next = 1;
  private isWhole = false;
  /** Parts that can only be stored together with later parts. */
  private held?: Part;

  constructor(
    private readonly tools: IncomingTools,
    private readonly incoming: Incoming,
    private readonly codecs: readonly RowCodec[],
  ) {
    this.sums = this.noSums();
  }

  /** Returns once all parts are imported and compared. Throws {@link TransferFailed} if the copy differs. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.isWhole) {
      const sealed = await this.receive(signal);
      if (sealed !== null) await this.import(sealed);
    }
    // Requests one more part, because such a request reports the previous part as imported.
    if (this.isWhole) await this.receive(signal, 0);
  }

  private async import(sealed: string): Promise<void> {
    const { header, part } = await openPart(sealed, this.incoming.key).catch(({ message }: Error) => {
      throw new TransferFailed(`A part cannot be decrypted: ${message}`);
    });
    if (header.transfer !== this.incoming.transferId)
      throw new TransferFailed('A part of another transfer was received.');
    const isNew = header.attempt !== this.attempt;
    // The source may have started over during the request.
    if (header.part !== (isNew ? 1 : this.next)) throw new Error('A part was received out of order.');
    if (isNew) await this.begin(header.attempt);
    await this.takeOrHold(part);
    if (part.manifest) {
      this.compare(part.manifest);
      await this.tools.markWhole(true);
      this.isWhole = true;
    }
    // Incremented last, because once the next part is requested, the Control Plane relies on this part being
    // stored.
    this.next += 1;
  }

  private async receive(signal: AbortSignal, waitSeconds?: number): Promise<string | null> {
    const { transferId } = this.incoming;
    this.importer ??= await this.tools.nameRun();
    const wanted = { transferId, importer: this.importer, attempt: this.attempt, part: this.next };
    return this.tools.relay.receive(wanted, signal, waitSeconds);
  }

  /** Removes what an earlier attempt left here. */
  private async begin(attempt: string): Promise<void> {
    await this.tools.markWhole(false);
    const removed = await this.tools.write((scope) => deleteAll(scope, this.codecs));
    if (removed > 0) this.logger.log(`Removed ${removed} rows of an earlier copy.`);
    this.sums = this.noSums();
    [this.attempt, this.next, this.held] = [attempt, 1, undefined];
  }

  /**
   * If the source's changes fill more than one part, a row may have a unique value that another row loses
   * only in a later part. Such parts are stored together. The source keeps sending parts in the meantime, and
   * after the last part nothing is missing.
   */
  private async takeOrHold(part: Part): Promise<void> {
    const whole = this.held ? joined(this.held, part, (table, row) => this.keyIn(table, row)) : part;
    try {
      await this.take(whole);
      this.held = undefined;
    } catch (error) {
      if (part.manifest || !violatesUnique(error)) throw error;
      this.held = whole;
    }
  }

  private keyIn(table: string, row: PortableRow): string[] {
    return this.codecs.find((codec) => codec.table === table)?.keyOf(row) ?? [];
  }

  private async take({ tables }: Part): Promise<void> {
    await this.tools.write(async (scope) => {
      const here = this.codecs.flatMap((codec) => {
        const found = tables.find(({ table }) => table === codec.table);
        return found ? [{ codec, ...found }] : [];
      });
      if (here.length !== tables.length)
        throw new TransferFailed(
          'Received rows of a table that this plane does not know. Upgrade this plane.',
        );
      const unknown = here.flatMap(({ codec, rows: [row = {}] }) => codec.unknownIn(row));
      if (unknown.length > 0)
        throw new TransferFailed(
          `Received columns that this plane does not know (${unknown.join(', ')}). Upgrade this plane.`,
        );
      // Rows are deleted first, so that their unique values are free for the rows that have those values now.
      for (const { codec, rows, deleted = [] } of here.toReversed()) {
        const aside = codec.canStepAside ? rows.map((row) => codec.keyOf(row)) : [];
        await deleteRows(scope, codec, [...deleted, ...aside]);
      }
      for (const { codec, rows } of here) await putRows(scope, codec, rows);
      for (const { codec, rows, deleted } of here) {
        for (const key of deleted ?? []) this.sums.remove(codec.table, key);
        const sent = new Map(rows.map((row) => [codec.keyOf(row).join('\0'), row]));
        const keys = rows.map((row) => codec.keyOf(row));
        for (const row of await rowsWith(scope, codec, keys)) {
          const key = codec.keyOf(row);
          this.sums.put(codec.table, key, codec.hashOf(row, sent.get(key.join('\0'))));
        }
      }
    });
  }

  private compare(manifest: NonNullable<Part['manifest']>): void {
    const different = differences(manifest, this.sums.manifest());
    if (different.length > 0)
      throw new TransferFailed(`The copy differs from the original in: ${different.join(', ')}.`);
  }

  private noSums(): RowSums {
    return new RowSums(this.codecs.map(({ table }) => table));
  }
}
