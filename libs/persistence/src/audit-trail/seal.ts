import { CHAIN_START, type ChainHead, type Page, type SealedAuditRecord, linkBehind } from '@atlas/platform';
import { type EntityManager, type EntityTarget, type SelectQueryBuilder } from 'typeorm';
import { columnTypes } from '../schema/columns';
import { type AuditRow, auditRecordOf } from './audit-row';

/** The rows of one chain: all rows of a table, or those of one tenant. */
export interface AuditRows {
  readonly entity: EntityTarget<AuditRow>;
  readonly tenantId?: string;
}

export const SEAL_BATCH = 500;

/**
 * Seals up to {@link SEAL_BATCH} rows and returns the number sealed. No other transaction may seal rows of
 * this chain at the same time.
 */
export async function sealBatch(manager: EntityManager, rows: AuditRows): Promise<number> {
  let head = await headOf(manager, rows);
  const unsealed = await query(manager, rows)
    .andWhere('event.position is null')
    .orderBy('event.id')
    .take(SEAL_BATCH)
    .getMany();
  const links = unsealed.map((row) => ({ id: row.id, ...(head = linkBehind(head, auditRecordOf(row))) }));
  if (links.length > 0) await writeLinks(manager, rows, links);
  return links.length;
}

/** Returns one page of sealed rows, starting after the position `cursor`. */
export async function sealedPage(
  manager: EntityManager,
  rows: AuditRows,
  { cursor, limit }: { readonly cursor: number; readonly limit: number },
): Promise<Page<SealedAuditRecord>> {
  const found = await query(manager, rows)
    .andWhere('event.position > :cursor', { cursor })
    .orderBy('event.position')
    .take(limit + 1)
    .getMany();
  const items = found
    .slice(0, limit)
    .map((row) => ({ ...auditRecordOf(row), ...(linkOf(row) ?? CHAIN_START) }));
  const last = items.at(-1);
  return { items, next_cursor: last && found.length > limit ? String(last.position) : null };
}

async function headOf(manager: EntityManager, rows: AuditRows): Promise<ChainHead> {
  const last = await query(manager, rows)
    .andWhere('event.position is not null')
    .orderBy('event.position', 'DESC')
    .take(1)
    .getOne();
  return (last && linkOf(last)) ?? CHAIN_START;
}

function linkOf({ position, hash }: AuditRow): ChainHead | null {
  return position === null || hash === null ? null : { position, hash };
}

function query(manager: EntityManager, { entity, tenantId }: AuditRows): SelectQueryBuilder<AuditRow> {
  const all = manager.createQueryBuilder(entity, 'event').where('1 = 1');
  return tenantId === undefined ? all : all.where('event.tenantId = :tenantId', { tenantId });
}

/** Stores the positions and hashes of all rows in one statement. */
async function writeLinks(
  manager: EntityManager,
  { tenantId }: AuditRows,
  links: readonly ({ id: string } & ChainHead)[],
): Promise<void> {
  const { uuid } = columnTypes(manager.connection.options.type === 'postgres' ? 'postgres' : 'sqlite');
  const parameters: unknown[] = [];
  const parameter = (value: unknown, type: string): string => `cast($${parameters.push(value)} as ${type})`;
  const values = links.map(
    ({ id, position, hash }) =>
      `(${parameter(id, uuid)}, ${parameter(position, 'integer')}, ${parameter(hash, 'varchar')})`,
  );
  const own = tenantId === undefined ? '' : ` and tenant_id = ${parameter(tenantId, uuid)}`;
  await manager.query(
    `with link (id, position, hash) as (values ${values.join(', ')})
     update audit_events set position = link.position, hash = link.hash
       from link where audit_events.id = link.id${own}`,
    parameters,
  );
}
