import { Database, TenantDatabase, type TenantScope, lockedForShare } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { TENANT_PLANE_VERSION } from '../config/tenant-plane-version';
import { PlaneSchema } from '../database/plane-schema';
import { requireStanding } from '../tenancy/tenant-standing';
import { Tenant } from '../tenancy/tenant.entity';
import { putChunk, removeChunks } from './archive-chunks';
import { failureOf, interrupted } from './archive-failure';
import { ArchiveWriter, type StorePart } from './archive-writer';
import { BackgroundRuns, LEASE_SECONDS } from './background-runs';
import { Export, type ExportSummary } from './export.entity';
import { exportedLines } from './exported-lines';
import { exportedRows } from './exported-rows';

const KEPT_SECONDS = 7 * 24 * 3600;

/** Writes the archives of exports. */
@Injectable()
export class ExportRuns implements BeforeApplicationShutdown {
  private readonly logger = new Logger(ExportRuns.name);
  private readonly runs = new BackgroundRuns();

  constructor(
    private readonly database: Database,
    private readonly schema: PlaneSchema,
    private readonly tenants: TenantDatabase,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  beforeApplicationShutdown(): Promise<void> {
    return this.runs.stop();
  }

  start(tenantId: string, id: string): void {
    this.runs.start({
      work: async (signal) => this.finish(tenantId, id, await this.write(tenantId, id, signal)),
      renew: () => this.renew(tenantId, id),
      fail: (error) => this.fail(tenantId, id, error),
    });
  }

  /** Writes the archive from a single snapshot, while the tenant stays in use. */
  private write(tenantId: string, id: string, signal: AbortSignal): Promise<ExportSummary> {
    return this.tenants.snapshot(tenantId, async (scope) => {
      const { slug, name } = await scope.manager.findOneByOrFail(Tenant, { id: tenantId });
      const writer = new ArchiveWriter(this.storeFor(tenantId, id, signal), {
        exported_at: this.clock.now().toISOString(),
        product_version: TENANT_PLANE_VERSION,
        tenant: { id: tenantId, slug, name },
      });
      for (const rows of exportedRows(this.schema, scope.manager))
        await writer.add(rows.codec.table, rows.columns, exportedLines(scope, rows));
      return writer.finish();
    });
  }

  /** A tenant that is suspended or moves away in the meantime gets no archive. */
  private storeFor(tenantId: string, id: string, signal: AbortSignal): StorePart {
    return (number, content) => {
      signal.throwIfAborted();
      return this.tenants.write(tenantId, async (scope) => {
        await requireStanding(scope);
        // Locked, because whoever ends the export removes its parts and must not miss this one.
        const running = scope.query(Export, 'export').andWhere({ id, status: 'running' });
        if (!(await lockedForShare(running).getOne())) throw interrupted();
        await putChunk(scope, id, number, content);
      });
    };
  }

  private async finish(tenantId: string, id: string, summary: ExportSummary): Promise<void> {
    await this.tenants.write(tenantId, async (scope) => {
      await requireStanding(scope);
      const expiresAt = (): string => this.database.fromNow(KEPT_SECONDS);
      const finishedAt = this.clock.now();
      const changes = { status: 'ready', summary, finishedAt, expiresAt, dueAt: expiresAt } as const;
      if (!(await updateRunning(scope, id, changes))) throw interrupted();
      await this.audit.record(scope, {
        action: 'export.finished',
        targetKind: 'export',
        targetId: id,
        after: { ...summary },
      });
    });
  }

  private async renew(tenantId: string, id: string): Promise<void> {
    const dueAt = (): string => this.database.fromNow(LEASE_SECONDS);
    await this.tenants.write(tenantId, (scope) => updateRunning(scope, id, { dueAt }));
  }

  private async fail(tenantId: string, id: string, error: unknown): Promise<void> {
    const failure = failureOf(error);
    this.logger.warn(`Export ${id} failed: ${(error as Error).message}`);
    await this.tenants.write(tenantId, async (scope) => {
      const finishedAt = this.clock.now();
      const hasFailed = await updateRunning(scope, id, {
        status: 'failed',
        failure,
        finishedAt,
        dueAt: null,
      });
      if (hasFailed) await removeChunks(scope, id);
    });
  }
}

/** Returns whether the export was still running. */
async function updateRunning(
  scope: TenantScope,
  id: string,
  changes: Parameters<typeof scope.update<Export>>[2],
): Promise<boolean> {
  return (await scope.update(Export, { id, status: 'running' }, changes)) === 1;
}
