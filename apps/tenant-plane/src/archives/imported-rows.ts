import { Database, TenantCounter, type TenantOwned, type TenantScope } from '@atlas/persistence';
import { Clock, CommitOutcomeUnknown, DomainError, databaseFailure } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { type EntityTarget } from 'typeorm';
import { PlaneSchema } from '../database/plane-schema';
import { type PortableRow } from '../portability/row-codec';
import { pagesOf, putRows } from '../portability/row-store';
import { lockTenant } from '../tenancy/tenant-standing';
import { requireAgreement } from './agreeing-rows';
import { type ArchiveManifest } from './archive-manifest';
import { ArchiveReader, type ArchiveRows } from './archive-reader';
import { archiveDamaged, archiveTooLarge, rowsRefused, tenantNotEmpty } from './archive-refusals';
import { type ExportedRows, exportedRows } from './exported-rows';
import { Import } from './import.entity';
import { cancelUnended } from './imported-runs';
import { addUsers } from './imported-users';
import { RowTally } from './row-tally';
import { unpackedPieces } from './unpacking';
import { type Upload } from './upload';

/** Users, settings and counters are held in memory. */
const MAX_HELD_ROWS = 50_000;
const MAX_HELD_BYTES = 33_554_432;

/** What the first pass has found in an archive that is complete and unaltered. */
export interface VerifiedArchive {
  readonly upload: Upload;
  readonly manifest: ArchiveManifest;
  /** The rows of the tables that are neither inserted nor kept in the archive. */
  readonly held: ReadonlyMap<string, readonly PortableRow[]>;
}

/** Verifies an archive, and stores its rows. */
@Injectable()
export class ImportedRows {
  private readonly logger = new Logger(ImportedRows.name);

  constructor(
    private readonly database: Database,
    private readonly schema: PlaneSchema,
    private readonly clock: Clock,
  ) {}

  /** Throws `tenant_not_empty`. */
  async requireEmpty(scope: TenantScope): Promise<void> {
    for (const { codec, onImport } of this.tables()) {
      if (onImport !== 'insert') continue;
      if (await scope.exists(codec.metadata.target as EntityTarget<TenantOwned>))
        throw tenantNotEmpty(codec.table, await lastImport(scope));
    }
  }

  /** Reads all of the archive, and stores nothing. */
  async verify(upload: Upload, signal: AbortSignal): Promise<VerifiedArchive> {
    const reader = await this.open(upload, signal);
    const held = new Map<string, PortableRow[]>();
    let [count, bytes] = [0, 0];
    for await (const { rows, table, pages } of reader.tables()) {
      const isHeld = rows.onImport !== 'insert' && rows.onImport !== 'keep in archive';
      if (isHeld) bytes += table.bytes;
      if (bytes > MAX_HELD_BYTES) throw archiveTooLarge(`its users have more than ${MAX_HELD_BYTES} bytes.`);
      const those: PortableRow[] = [];
      for await (const page of pages) {
        if (!isHeld) continue;
        count += page.length;
        if (count > MAX_HELD_ROWS) throw archiveTooLarge(`it has more than ${MAX_HELD_ROWS} users.`);
        those.push(...page);
      }
      if (isHeld) held.set(table.name, those);
    }
    return { upload, manifest: reader.manifest, held };
  }

  /**
   * Stores the archive's rows in the current transaction, and compares what the database then contains with
   * the archive. At the end, the tenant is locked until the transaction ends, and contains no operational
   * data but the archive's. Returns how many rows of each table were stored.
   */
  async store(
    scope: TenantScope,
    archive: VerifiedArchive,
    signal: AbortSignal,
  ): Promise<Record<string, number>> {
    const stored = new Map<string, number>();
    const reader = await this.open(archive.upload, signal);
    for await (const rows of reader.tables())
      if (rows.rows.onImport === 'insert')
        stored.set(rows.table.name, await this.refusing(rows.table.name, () => this.insert(scope, rows)));
    await cancelUnended(scope, this.clock.now());
    // Locked only now, so that the tenant's users do not have to wait for long.
    await lockTenant(scope.manager, scope.tenantId);
    for (const rows of this.tables()) {
      const { codec, onImport } = rows;
      if (onImport === 'insert') await requireOnly(scope, codec, stored.get(codec.table) ?? 0);
      const held = archive.held.get(codec.table);
      if (held) stored.set(codec.table, await this.refusing(codec.table, () => this.add(scope, rows, held)));
    }
    await requireAgreement(scope);
    return Object.fromEntries(stored);
  }

  private async insert(scope: TenantScope, { rows, table, pages }: ArchiveRows): Promise<number> {
    const { codec, whole, filled } = rows;
    const [sent, found] = [new RowTally(codec, table.columns), new RowTally(codec, table.columns)];
    for await (const page of pages) {
      sent.add(page);
      await putRows(
        scope,
        whole,
        page.map((row) => ({ ...row, ...filled(row) })),
      );
    }
    for await (const page of pagesOf(scope, codec)) found.add(page);
    if (!sent.equals(found)) throw rowsRefused(table.name);
    return sent.rows;
  }

  private async add(
    scope: TenantScope,
    { codec, onImport }: ExportedRows,
    rows: readonly PortableRow[],
  ): Promise<number> {
    if (onImport === 'add users') return addUsers(scope, rows, this.clock.now());
    if (onImport === 'raise') return raiseCounters(scope, rows);
    await scope.delete(codec.metadata.target as EntityTarget<TenantOwned>, {});
    await putRows(scope, codec, rows);
    return rows.length;
  }

  /** Any refusal of the database is due to the rows, unless the database itself has failed. */
  private async refusing<T>(table: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof DomainError || error instanceof CommitOutcomeUnknown) throw error;
      if (databaseFailure(error)) throw error;
      this.logger.warn(`An archive's rows of ${table} were refused: ${(error as Error).message}`);
      throw rowsRefused(table);
    }
  }

  private open(upload: Upload, signal: AbortSignal): Promise<ArchiveReader> {
    return ArchiveReader.open(unpackedPieces(upload.read(), signal), this.tables());
  }

  private tables(): ExportedRows[] {
    return exportedRows(this.schema, this.database.dataSource.manager);
  }
}

/** The ID of the last successful import into the tenant. */
async function lastImport(scope: TenantScope): Promise<string | null> {
  const [last] = await scope.find(Import, { where: { status: 'ready' }, order: { id: 'DESC' }, take: 1 });
  return last?.id ?? null;
}

async function requireOnly(
  { manager, tenantId }: TenantScope,
  { metadata, table }: ExportedRows['codec'],
  expected: number,
): Promise<void> {
  const count = await manager.countBy(metadata.target as EntityTarget<TenantOwned>, { tenantId });
  if (count !== expected) throw tenantNotEmpty(table, null);
}

async function raiseCounters(scope: TenantScope, rows: readonly PortableRow[]): Promise<number> {
  for (const { series, value } of rows) {
    if (typeof series !== 'string' || !Number.isSafeInteger(value) || typeof value !== 'number')
      throw archiveDamaged('a counter is not a number.');
    const known = await scope.findOne(TenantCounter, { series });
    await scope.put(TenantCounter, [{ series, value: Math.max(value, known?.value ?? 0) }]);
  }
  return rows.length;
}
