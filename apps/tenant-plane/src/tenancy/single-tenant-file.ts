import {
  Database,
  fixToTenant,
  singleTenantProblems,
  tablesOfOthers,
  tenantOfFile,
  untrackOthers,
} from '@atlas/persistence';
import { EnvironmentError } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { type EntityManager, Not } from 'typeorm';
import { Deployment } from '../plane-identity/deployment';
import { Tenant } from './tenant.entity';

/**
 * On SQLite, where a plane has one tenant, its file takes rows of no other: by
 * triggers, so that no fault of the code and no other program can plant one. A
 * file of many tenants has none of them, and one that has them is never shared.
 */
@Injectable()
export class SingleTenantFile {
  private readonly logger = new Logger(SingleTenantFile.name);

  constructor(
    private readonly database: Database,
    private readonly deployment: Deployment,
  ) {}

  /**
   * At each start: also for tables that came with an upgrade, and triggers that somebody took away. Throws
   * {@link EnvironmentError} where the file is not to be served from.
   */
  async secure(): Promise<void> {
    if (this.database.driver !== 'sqlite') return;
    const fixedTo = await this.database.read(tenantOfFile);
    if (!this.isFixed) {
      if (fixedTo !== null) throw new EnvironmentError([wasFixed(fixedTo, this.deployment.profile.model)]);
      return;
    }
    const tenantId = (await this.onlyTenant()) ?? fixedTo;
    if (tenantId === null) return;
    await this.fixTo(tenantId);
    const problems = await this.database.read((manager) => singleTenantProblems(manager, tenantId));
    if (problems.length > 0) throw new EnvironmentError(problems.map((problem) => `SQLite file: ${problem}`));
  }

  /**
   * From then on the file is this tenant's; nothing to do on other
   * planes. Throws while it holds rows of the one that it was of before.
   */
  async fixTo(tenantId: string): Promise<void> {
    if (this.database.driver !== 'sqlite' || !this.isFixed) return;
    await this.database.write(async (manager) => {
      const before = await tenantOfFile(manager);
      if (before !== tenantId) await requireFree(manager, tenantId);
      const tables = await fixToTenant(manager, tenantId);
      if (tables.length === 0) return;
      if (before === tenantId)
        this.logger.warn(`Other tenants' rows were not refused in: ${tables.join(', ')}. Now they are.`);
      else this.logger.log(`This SQLite file is tenant ${tenantId}'s: rows of others are refused.`);
    });
  }

  private get isFixed(): boolean {
    return this.deployment.profile.tenantFixed;
  }

  /** The one that lives here or is on its way; null where none is. */
  private async onlyTenant(): Promise<string | null> {
    const tenants = await this.database.read((manager) => manager.find(Tenant));
    const here = tenants.filter(({ phase }) => phase !== 'retired');
    if (here.length > 1) throw new EnvironmentError([tooMany(here, this.deployment.profile.model)]);
    return here[0]?.id ?? null;
  }
}

function wasFixed(tenantId: string, model: string): string {
  return (
    `TENANT_PLANE_DATABASE_URL: this SQLite file is tenant ${tenantId}'s alone, and can't be a ` +
    `${model} plane's. Set ATLAS_TP_DEPLOYMENT to what the plane was, or give it another file`
  );
}

function tooMany(tenants: readonly Tenant[], model: string): string {
  const slugs = tenants.map(({ slug }) => slug).join(', ');
  return (
    `TENANT_PLANE_DATABASE_URL: this SQLite file is of ${tenants.length} tenants (${slugs}), and a ` +
    `${model} plane has one. Set ATLAS_TP_DEPLOYMENT to what the plane was, or give it another file`
  );
}

/** It becomes another's only once nothing is left of the one before. */
async function requireFree(manager: EntityManager, tenantId: string): Promise<void> {
  const others = await manager.findBy(Tenant, { id: Not(tenantId), phase: Not('retired') });
  if (others.length > 0) throw new Error(`This plane's SQLite file is tenant ${others[0]?.slug}'s alone.`);
  await untrackOthers(manager, tenantId);
  const tables = await tablesOfOthers(manager, tenantId);
  if (tables.length > 0) throw new Error(heldBy(tables));
}

function heldBy(tables: readonly string[]): string {
  return (
    `This plane's SQLite file still holds rows of another tenant (${tables.join(', ')}): it takes a ` +
    'new one once they are removed, or give the plane another file.'
  );
}
