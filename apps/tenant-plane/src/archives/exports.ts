import {
  Database,
  TenantDatabase,
  type TenantScope,
  type UniqueRule,
  lockedForUpdate,
  violates,
} from '@atlas/persistence';
import { Clock, DomainError, type Page, type PageQuery, pageOf } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { type ExportView } from '@atlas/tenant-api/exports';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { type SignedInUser } from '../credentials/signed-in-user';
import { DueWork } from '../due/due-work';
import { removeChunks } from './archive-chunks';
import { INTERRUPTED } from './archive-failure';
import { LEASE_SECONDS } from './background-runs';
import { ExportRuns } from './export-runs';
import { Export } from './export.entity';

/** How many archives a tenant may keep at a time. */
const MAX_READY = 20;
const ONE_RUNNING: UniqueRule = { name: 'exports_running_uq', table: 'exports', columns: ['tenant_id'] };

/** The exports of a tenant. */
@Injectable()
export class Exports {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantDatabase,
    private readonly runs: ExportRuns,
    private readonly audit: Audit,
    private readonly clock: Clock,
    due: DueWork,
  ) {
    due.on('exports', (scope, id) => this.end(scope, id));
  }

  /** Throws `export_running` and `too_many_exports`. */
  async request(tenantId: string, user: SignedInUser): Promise<ExportView> {
    const now = this.clock.now();
    const id = uuidv7(now);
    const row: Export = {
      tenantId,
      id,
      status: 'running',
      requestedBy: user.id,
      createdAt: now,
      finishedAt: null,
      expiresAt: null,
      summary: null,
      failure: null,
      dueAt: null,
    };
    await this.tenants.write(tenantId, async (scope) => {
      const ready = await scope.find(Export, { where: { status: 'ready' }, select: { id: true } });
      if (ready.length >= MAX_READY) throw tooManyExports();
      const dueAt = (): string => this.database.fromNow(LEASE_SECONDS);
      await scope.insert(Export, { ...row, dueAt }).catch((error: unknown) => {
        throw violates(error, ONE_RUNNING) ? exportRunning() : error;
      });
      await this.audit.record(scope, { action: 'export.requested', targetKind: 'export', targetId: id });
      this.database.afterCommit(() => this.runs.start(tenantId, id));
    });
    return exportView(row);
  }

  async list(tenantId: string, { cursor, limit }: PageQuery): Promise<Page<ExportView>> {
    const rows = await this.tenants.read(tenantId, (scope) => {
      const query = scope
        .query(Export, 'export')
        .orderBy('export.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('export.id < :cursor', { cursor });
      return query.getMany();
    });
    return pageOf(rows, limit, exportView);
  }

  async get(tenantId: string, id: string): Promise<ExportView> {
    const row = await this.tenants.read(tenantId, (scope) => scope.findOne(Export, { id }));
    if (!row) throw exportNotFound();
    return exportView(row);
  }

  /**
   * Ends an export whose time has come: its process has not been heard of, or its archive is too old. A
   * suspended tenant's archives stay until it is resumed or removed.
   */
  private async end(scope: TenantScope, id: string): Promise<void> {
    const isDue = { id, dueAt: this.database.isPast() };
    const row = await lockedForUpdate(scope.query(Export, 'export').andWhere(isDue)).getOne();
    if (!row) return;
    const outcome =
      row.status === 'running'
        ? ({ status: 'failed', failure: INTERRUPTED, finishedAt: this.clock.now() } as const)
        : ({ status: 'expired' } as const);
    await scope.update(Export, { id }, { ...outcome, dueAt: null });
    await removeChunks(scope, id);
  }
}

function exportView(row: Export): ExportView {
  return {
    id: row.id,
    status: row.status,
    requested_by: row.requestedBy,
    created_at: row.createdAt,
    finished_at: row.finishedAt,
    expires_at: row.expiresAt,
    size_bytes: row.summary?.bytes ?? null,
    rows: row.summary?.rows ?? null,
    failure: row.failure,
  };
}

export function exportNotFound(): DomainError {
  return new DomainError('export_not_found', 'not_found', 'There is no such export in this tenant.');
}

function exportRunning(): DomainError {
  return new DomainError(
    'export_running',
    'conflict',
    'An export of this tenant is still running. Wait until it has ended: GET /api/exports lists it.',
  );
}

function tooManyExports(): DomainError {
  return new DomainError(
    'too_many_exports',
    'too_many',
    `This tenant has ${MAX_READY} archives already. Each is removed after seven days. Download an existing ` +
      'one, or wait.',
  );
}
