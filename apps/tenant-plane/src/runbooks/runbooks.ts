import { isDeepStrictEqual } from 'node:util';
import { TenantDatabase, type TenantScope, lockedForUpdate } from '@atlas/persistence';
import { Clock, type Page, pageOf, type ExpectedVersion } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { ListRunbooksQuery, type RunbookSummaryView, type RunbookView } from '@atlas/tenant-api/runbooks';
import { Injectable } from '@nestjs/common';
import { IsNull, Not } from 'typeorm';
import { Audit } from '../audit/audit';
import { RunbookCredentials } from './runbook-credentials';
import { type CheckedRunbook, type RunbookDefinition } from './runbook-definition';
import { lockedRunbook, runbookNotFound, versionOf } from './runbook-locks';
import { RunbookVersion } from './runbook-version.entity';
import { Runbook } from './runbook.entity';
import { runbookView, summaryView } from './runbook.view';

@Injectable()
export class Runbooks {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly credentials: RunbookCredentials,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** Throws `credential_missing`. */
  create(tenantId: string, by: string, { definition, credentials }: CheckedRunbook): Promise<RunbookView> {
    return this.tenants.write(tenantId, async (scope) => {
      const now = this.clock.now();
      const { name } = definition;
      const runbook: Runbook = {
        tenantId,
        id: uuidv7(now),
        name,
        version: 1,
        createdAt: now,
        archivedAt: null,
      };
      await scope.insert(Runbook, runbook);
      await this.credentials.store(scope, runbook.id, credentials);
      const version = await this.addVersion(scope, runbook, by, definition);
      await this.record(scope, 'runbook.created', runbook);
      return runbookView(runbook, version);
    });
  }

  list(tenantId: string, { cursor, limit, archived }: ListRunbooksQuery): Promise<Page<RunbookSummaryView>> {
    return this.tenants.read(tenantId, async (scope) => {
      const query = scope
        .query(Runbook, 'runbook')
        .andWhere({ archivedAt: archived === 'true' ? Not(IsNull()) : IsNull() })
        .orderBy('runbook.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('runbook.id < :cursor', { cursor });
      const rows = await query.getMany();
      const versions = await currentVersions(scope, rows);
      const summaries = rows.flatMap((row) => {
        const version = versions.get(row.id);
        return version ? [summaryView(row, version)] : [];
      });
      return pageOf(summaries, limit, (summary) => summary);
    });
  }

  /** The given version, or the current one. Throws `runbook_not_found` and `runbook_version_not_found`. */
  get(tenantId: string, id: string, version?: number): Promise<RunbookView> {
    return this.tenants.read(tenantId, async (scope) => {
      const runbook = await scope.findOne(Runbook, { id });
      if (!runbook) throw runbookNotFound();
      return runbookView(runbook, await versionOf(scope, id, version ?? runbook.version));
    });
  }

  /**
   * Stores a new version, unless it would be equal to the current one. Throws `runbook_not_found`,
   * `runbook_archived` and `changed_meanwhile`; see {@link create}.
   */
  replace(
    tenantId: string,
    by: string,
    id: string,
    { definition, credentials }: CheckedRunbook,
    expected: ExpectedVersion<RunbookView>,
  ): Promise<RunbookView> {
    return this.tenants.write(tenantId, async (scope) => {
      const runbook = await lockedRunbook(scope, id, 'update');
      const before = await versionOf(scope, id, runbook.version);
      expected.require(runbookView(runbook, before));
      const isRekeyed = await this.credentials.store(scope, id, credentials);
      if (!isRekeyed && isDeepStrictEqual(plain(before.definition), plain(definition)))
        return runbookView(runbook, before);
      const changed: Runbook = { ...runbook, name: definition.name, version: runbook.version + 1 };
      await scope.update(Runbook, { id }, { name: changed.name, version: changed.version });
      const version = await this.addVersion(scope, changed, by, definition);
      await this.record(scope, 'runbook.changed', changed, runbook);
      return runbookView(changed, version);
    });
  }

  /**
   * Also deletes its credentials. Does nothing if the runbook is archived already. Throws
   * `runbook_not_found`.
   */
  archive(tenantId: string, id: string): Promise<void> {
    return this.tenants.write(tenantId, async (scope) => {
      const runbook = await lockedForUpdate(scope.query(Runbook, 'runbook').andWhere({ id })).getOne();
      if (!runbook) throw runbookNotFound();
      if (runbook.archivedAt) return;
      await scope.update(Runbook, { id }, { archivedAt: this.clock.now() });
      await this.credentials.forget(scope, id);
      await this.audit.record(scope, { action: 'runbook.archived', targetKind: 'runbook', targetId: id });
    });
  }

  private async addVersion(
    scope: TenantScope,
    { id: runbookId, version }: Runbook,
    createdBy: string,
    definition: RunbookDefinition,
  ): Promise<RunbookVersion> {
    const now = this.clock.now();
    const { tenantId } = scope;
    const row = { tenantId, id: uuidv7(now), runbookId, version, definition, createdBy, createdAt: now };
    await scope.insert(RunbookVersion, row);
    return row;
  }

  private record(scope: TenantScope, action: string, after: Runbook, before?: Runbook): Promise<void> {
    const told = ({ name, version }: Runbook): Record<string, unknown> => ({ name, version });
    const target = { action, targetKind: 'runbook', targetId: after.id, after: told(after) };
    return this.audit.record(scope, before ? { ...target, before: told(before) } : target);
  }
}

async function currentVersions(
  scope: TenantScope,
  runbooks: readonly Runbook[],
): Promise<ReadonlyMap<string, RunbookVersion>> {
  if (runbooks.length === 0) return new Map();
  const where = runbooks.map(({ id: runbookId, version }) => ({ runbookId, version }));
  const versions = await scope.find(RunbookVersion, { where });
  return new Map(versions.map((row) => [row.runbookId, row]));
}

/** As JSON represents it, which is how it is stored. */
function plain(definition: RunbookDefinition): unknown {
  return JSON.parse(JSON.stringify(definition));
}
