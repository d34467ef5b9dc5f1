import { type TenantScope } from '@atlas/persistence';

export interface ChunkSize {
  readonly number: number;
  readonly size: number;
}

/**
 * The archives of exports, in the database that all replicas share, so that any of them can serve a download.
 * Plain SQL, because TypeORM has no column type for bytes that both databases know.
 */
export async function putChunk(
  { manager, tenantId }: TenantScope,
  exportId: string,
  number: number,
  content: Buffer,
): Promise<void> {
  await manager.query(
    'insert into export_chunks (tenant_id, export_id, number, size, content) values ($1, $2, $3, $4, $5)',
    [tenantId, exportId, number, content.length, content],
  );
}

/** In the order of the archive. */
export function chunkSizes({ manager, tenantId }: TenantScope, exportId: string): Promise<ChunkSize[]> {
  return manager.query<ChunkSize[]>(
    'select number, size from export_chunks where tenant_id = $1 and export_id = $2 order by number',
    [tenantId, exportId],
  );
}

/** Undefined if the archive was removed in the meantime. */
export async function readChunk(
  { manager, tenantId }: TenantScope,
  exportId: string,
  number: number,
): Promise<Buffer | undefined> {
  const [row] = await manager.query<{ content: Buffer }[]>(
    'select content from export_chunks where tenant_id = $1 and export_id = $2 and number = $3',
    [tenantId, exportId, number],
  );
  return row?.content;
}

export async function removeChunks({ manager, tenantId }: TenantScope, exportId: string): Promise<void> {
  await manager.query('delete from export_chunks where tenant_id = $1 and export_id = $2', [
    tenantId,
    exportId,
  ]);
}
