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
import { Reportable } from '../plane-identity/reportable';
import { Tenant } from './tenant.entity';

/**
 * On SQLite, the file of a single-tenant plane refuses other tenants' rows. Triggers enforce this rule, so
 * neither a bug nor another program can insert such rows. A file for many tenants has no such triggers, and a
 * file with triggers is never shared.
 */
@Injectable()
export class SingleTenantFile {
  private readonly logger = new Logger(SingleTenantFile.name);

  constructor(
    private readonly database: Database,
    private readonly deployment: Deployment,
  ) {}

  /**
   * Runs at each start, to cover tables that an upgrade has added and triggers that were dropped. Throws
   * {@link EnvironmentError} if the file must not be served from.
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
   * Fixes the file to this tenant. Does nothing on other planes. Throws as long as the file contains rows of
   * its previous tenant.
   */
  async fixTo(tenantId: string): Promise<void> {
    if (this.database.driver !== 'sqlite' || !this.isFixed) return;
    await this.database.write(async (manager) => {
      const before = await tenantOfFile(manager);
      if (before !== tenantId) await requireFree(manager, tenantId);
      const tables = await fixToTenant(manager, tenantId);
      if (tables.length === 0) return;
      if (before === tenantId)
        this.logger.warn(
          `These tables did not refuse other tenants' rows before, but do now: ${tables.join(', ')}.`,
        );
      else
        this.logger.log(
          `This SQLite file belongs to tenant ${tenantId} from now on, and refuses other tenants' rows.`,
        );
    });
  }

  private get isFixed(): boolean {
    return this.deployment.profile.tenantFixed;
  }

  /** The tenant that is served here or is arriving; null if there is none. */
  private async onlyTenant(): Promise<string | null> {
    const tenants = await this.database.read((manager) => manager.find(Tenant));
    const here = tenants.filter(({ phase }) => phase !== 'retired');
    if (here.length > 1) throw new EnvironmentError([tooMany(here, this.deployment.profile.model)]);
    return here[0]?.id ?? null;
  }
}

function wasFixed(tenantId: string, model: string): string {
  return (
    `TENANT_PLANE_DATABASE_URL: this SQLite file belongs to tenant ${tenantId} alone, and cannot serve a ` +
    `${model} plane. Set ATLAS_TP_DEPLOYMENT to the plane's previous model, or use a different file`
  );
}

function tooMany(tenants: readonly Tenant[], model: string): string {
  const slugs = tenants.map(({ slug }) => slug).join(', ');
  return (
    `TENANT_PLANE_DATABASE_URL: this SQLite file contains ${tenants.length} tenants (${slugs}), but a ` +
    `${model} plane has one. Set ATLAS_TP_DEPLOYMENT to the plane's previous model, or use a different ` +
    'file'
  );
}

/** The file passes to another tenant only once it contains nothing of the previous tenant. */
async function requireFree(manager: EntityManager, tenantId: string): Promise<void> {
  const others = await manager.findBy(Tenant, { id: Not(tenantId), phase: Not('retired') });
  if (others.length > 0)
    throw new Reportable(`This plane's SQLite file belongs to tenant ${others[0]?.slug} alone.`);
  await untrackOthers(manager, tenantId);
  const tables = await tablesOfOthers(manager, tenantId);
  if (tables.length > 0) throw new Reportable(heldBy(tables));
}

function heldBy(tables: readonly string[]): string {
  return (
    `This plane's SQLite file still contains rows of another tenant (${tables.join(', ')}). It can accept ` +
    'a new tenant once they are removed. Otherwise, give the plane a different file.'
  );
}
