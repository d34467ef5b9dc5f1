import { TenantDatabase } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { type ChunkSize, chunkSizes, readChunk } from './archive-chunks';
import { type ByteRange, byteRange } from './byte-range';
import { Export } from './export.entity';
import { exportNotFound } from './exports';

export interface Download {
  readonly size: number;
  /** Null for the whole archive. */
  readonly range: ByteRange | null;
  readonly etag: string;
  readonly fileName: string;
  /** Reads a chunk at a time, and fails once `ended` is aborted. */
  bytes(ended: AbortSignal): AsyncGenerator<Buffer>;
}

export interface WantedPart {
  readonly range?: string;
  readonly ifRange?: string;
}

/** Serves the archives of exports. */
@Injectable()
export class Downloads {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Records each download, also of a part, in the audit trail. Throws `export_running`, `export_failed`,
   * `export_expired` and `range_not_satisfiable`.
   */
  open(tenantId: string, id: string, wanted: WantedPart): Promise<Download> {
    return this.tenants.write(tenantId, async (scope) => {
      const row = await scope.findOne(Export, { id });
      if (!row) throw exportNotFound();
      this.requireReady(row);
      const chunks = await chunkSizes(scope, id);
      const size = chunks.reduce((sum, chunk) => sum + chunk.size, 0);
      const etag = `"${id}"`;
      const isSame = wanted.ifRange === undefined || wanted.ifRange.trim() === etag;
      const range = isSame ? byteRange(wanted.range, size) : null;
      await this.audit.record(scope, {
        action: 'export.downloaded',
        targetKind: 'export',
        targetId: id,
        after: range ? { ...range } : { from: 0, to: size - 1 },
      });
      const fileName = `atlas-export-${row.createdAt.toISOString().slice(0, 10)}-${id}.tar.gz`;
      const bytes = (ended: AbortSignal): AsyncGenerator<Buffer> =>
        this.bytesOf(tenantId, id, { chunks, range: range ?? { from: 0, to: size - 1 }, ended });
      return { size, range, etag, fileName, bytes };
    });
  }

  private requireReady({ status, failure, expiresAt }: Export): void {
    if (status === 'running')
      throw new DomainError('export_running', 'conflict', 'This export is still running. Wait for it.');
    if (status === 'failed')
      throw new DomainError(
        'export_failed',
        'conflict',
        `This export failed, so it has no archive. ${failure?.detail}`,
      );
    if (status === 'expired' || (expiresAt && expiresAt <= this.clock.now()))
      throw new DomainError(
        'export_expired',
        'gone',
        'The archive was removed, because it was seven days old. Start another export: POST /api/exports.',
      );
  }

  private async *bytesOf(
    tenantId: string,
    id: string,
    { chunks, range, ended }: { chunks: readonly ChunkSize[]; range: ByteRange; ended: AbortSignal },
  ): AsyncGenerator<Buffer> {
    let start = 0;
    for (const { number, size } of chunks) {
      const [from, to] = [Math.max(range.from - start, 0), Math.min(range.to + 1 - start, size)];
      start += size;
      if (from >= to) continue;
      ended.throwIfAborted();
      const content = await this.tenants.read(tenantId, (scope) => readChunk(scope, id, number));
      if (!content) throw new Error('The archive was removed during the download.');
      yield content.subarray(from, to);
    }
  }
}
