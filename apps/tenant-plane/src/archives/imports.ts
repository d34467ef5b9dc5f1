import { type Readable } from 'node:stream';
import {
  Database,
  TenantDatabase,
  type TenantScope,
  type UniqueRule,
  lockedForUpdate,
  violates,
} from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { type ImportView } from '@atlas/tenant-api/exports';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { UserWrites } from '../access/user-writes';
import { Audit } from '../audit/audit';
import { type Permission, requirePermission } from '../credentials/permission';
import { unauthenticated } from '../credentials/session-authentication';
import { type SignedInUser } from '../credentials/signed-in-user';
import { User } from '../credentials/user.entity';
import { DueWork } from '../due/due-work';
import { requireStanding } from '../tenancy/tenant-standing';
import { INTERRUPTED, failureOf, interrupted } from './archive-failure';
import { areRowsRefused } from './archive-refusals';
import { BackgroundRuns, LEASE_SECONDS, whileRenewing } from './background-runs';
import { Import } from './import.entity';
import { ImportedRows, type VerifiedArchive } from './imported-rows';
import { Upload } from './upload';
import { UploadRoom } from './upload-room';

export const IMPORT_DATA: Permission = { name: 'tenant:import', from: 'admin' };
const ONE_RUNNING: UniqueRule = { name: 'imports_running_uq', table: 'imports', columns: ['tenant_id'] };

interface Running {
  readonly tenantId: string;
  readonly id: string;
  readonly requestedBy: string;
}

/** Imports archives: each completely, or not at all. */
@Injectable()
export class Imports implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Imports.name);
  private readonly runs = new BackgroundRuns();

  constructor(
    private readonly database: Database,
    private readonly tenants: TenantDatabase,
    private readonly writes: UserWrites,
    private readonly rows: ImportedRows,
    private readonly room: UploadRoom,
    private readonly audit: Audit,
    private readonly clock: Clock,
    due: DueWork,
  ) {
    due.on('imports', (scope, id) => this.endInterrupted(scope, id));
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.runs.stop();
  }

  async get(tenantId: string, id: string): Promise<ImportView> {
    const row = await this.tenants.read(tenantId, (scope) => scope.findOne(Import, { id }));
    if (!row)
      throw new DomainError('import_not_found', 'not_found', 'There is no such import in this tenant.');
    return importView(row);
  }

  /**
   * Receives an archive, then imports it in the background. The user is checked before and after the upload,
   * and again when the rows are stored. `admitted` aborts if the user loses access during the upload, which
   * ends it. Throws `tenant_not_empty`, `import_running` and what `Upload.receive` throws.
   */
  receive(tenantId: string, user: SignedInUser, body: Readable, admitted: AbortSignal): Promise<ImportView> {
    return this.runs.awaited(this.received(tenantId, user, body, admitted));
  }

  private async received(
    tenantId: string,
    user: SignedInUser,
    body: Readable,
    admitted: AbortSignal,
  ): Promise<ImportView> {
    const row = await this.writes.by(tenantId, user, () => this.begin(tenantId, user));
    const run: Running = { tenantId, id: row.id, requestedBy: user.id };
    const renew = (): Promise<boolean> => this.renew(run);
    const signal = AbortSignal.any([this.runs.signal, admitted]);
    try {
      const upload = await whileRenewing({ renew }, () => Upload.receive(body, this.room, signal));
      try {
        const isRunning = await this.writes.by(tenantId, user, renew);
        if (!isRunning) throw interrupted();
      } catch (error) {
        await upload.remove();
        throw error;
      }
      this.runs.start({
        work: (stopped) => this.work(run, upload, stopped).finally(() => upload.remove()),
        renew,
        // If the process stops before the work begins, there is only this.
        fail: (error) => this.fail(run, error).finally(() => upload.remove()),
      });
    } catch (error) {
      await this.fail(run, error);
      throw error;
    }
    return importView(row);
  }

  private async begin(tenantId: string, user: SignedInUser): Promise<Import> {
    const now = this.clock.now();
    const row: Import = {
      tenantId,
      id: uuidv7(now),
      status: 'running',
      requestedBy: user.id,
      createdAt: now,
      finishedAt: null,
      summary: null,
      failure: null,
      dueAt: null,
    };
    await this.tenants.write(tenantId, async (scope) => {
      const [running] = await scope.find(Import, { where: { status: 'running' } });
      if (running) throw importRunning(running.id);
      await this.rows.requireEmpty(scope);
      const dueAt = (): string => this.database.fromNow(LEASE_SECONDS);
      await scope.insert(Import, { ...row, dueAt }).catch((error: unknown) => {
        throw violates(error, ONE_RUNNING) ? importRunning(null) : error;
      });
      await this.audit.record(scope, { action: 'import.requested', targetKind: 'import', targetId: row.id });
    });
    return row;
  }

  private async work(run: Running, upload: Upload, signal: AbortSignal): Promise<void> {
    const archive = await this.rows.verify(upload, signal);
    try {
      await this.tenants.write(run.tenantId, (scope) => this.store(scope, run, archive, signal));
    } catch (error) {
      // Rows that were added in the meantime may be what the archive's rows collided with.
      if (areRowsRefused(error))
        await this.tenants.read(run.tenantId, (scope) => this.rows.requireEmpty(scope));
      throw error;
    }
  }

  private async store(
    scope: TenantScope,
    { id, requestedBy }: Running,
    archive: VerifiedArchive,
    signal: AbortSignal,
  ): Promise<void> {
    const rows = await this.rows.store(scope, archive, signal);
    await requireStanding(scope);
    const user = await scope.findOne(User, { id: requestedBy, deactivatedAt: IsNull() });
    if (!user) throw unauthenticated();
    requirePermission(user.role, IMPORT_DATA);
    const { tenant, exported_at } = archive.manifest;
    const summary = { tenant: { id: tenant.id, slug: tenant.slug }, exported_at, rows };
    const changes = { status: 'ready', summary, finishedAt: this.clock.now(), dueAt: null } as const;
    if (!(await updateRunning(scope, id, changes))) throw interrupted();
    await this.audit.record(scope, {
      action: 'import.finished',
      targetKind: 'import',
      targetId: id,
      after: { ...summary },
    });
  }

  private renew({ tenantId, id }: Running): Promise<boolean> {
    const dueAt = (): string => this.database.fromNow(LEASE_SECONDS);
    return this.tenants.write(tenantId, (scope) => updateRunning(scope, id, { dueAt }));
  }

  private async fail({ tenantId, id }: Running, error: unknown): Promise<void> {
    this.logger.warn(`Import ${id} failed: ${(error as Error).message}`);
    const finishedAt = this.clock.now();
    const failed = { status: 'failed', failure: failureOf(error), finishedAt, dueAt: null } as const;
    await this.tenants.write(tenantId, (scope) => updateRunning(scope, id, failed));
  }

  private async endInterrupted(scope: TenantScope, id: string): Promise<void> {
    const isDue = { id, dueAt: this.database.isPast() };
    const row = await lockedForUpdate(scope.query(Import, 'import').andWhere(isDue)).getOne();
    if (!row) return;
    const finishedAt = this.clock.now();
    await updateRunning(scope, id, { status: 'failed', failure: INTERRUPTED, finishedAt, dueAt: null });
  }
}

/** Returns whether the import was still running. */
async function updateRunning(
  scope: TenantScope,
  id: string,
  changes: Parameters<typeof scope.update<Import>>[2],
): Promise<boolean> {
  return (await scope.update(Import, { id, status: 'running' }, changes)) === 1;
}

function importView(row: Import): ImportView {
  return {
    id: row.id,
    status: row.status,
    requested_by: row.requestedBy,
    created_at: row.createdAt,
    finished_at: row.finishedAt,
    summary: row.summary,
    failure: row.failure,
  };
}

function importRunning(id: string | null): DomainError {
  const where = id === null ? '' : ` GET /api/imports/${id} shows it.`;
  return new DomainError(
    'import_running',
    'conflict',
    `An import into this tenant is still running. Wait until it has ended.${where}`,
    { import_id: id },
  );
}
