import { Database, roleFaults, tenantTableProblems } from '@atlas/persistence';
import { EnvironmentError } from '@atlas/platform';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Deployment } from '../plane-identity/deployment';
import { SingleTenantFile } from './single-tenant-file';

/**
 * On Postgres, a plane starts only if row-level security applies to its role. If all rows belong to one
 * tenant, a role that bypasses the policies only causes a warning. On SQLite, triggers protect the file of a
 * single-tenant plane.
 */
@Injectable()
export class RowSecurityCheck implements OnModuleInit {
  private readonly logger = new Logger(RowSecurityCheck.name);

  constructor(
    private readonly database: Database,
    private readonly deployment: Deployment,
    private readonly file: SingleTenantFile,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.database.driver !== 'postgres') return this.file.secure();
    const { dataSource } = this.database;
    const problems = [...(await this.roleProblems()), ...(await tenantTableProblems(dataSource))];
    if (problems.length > 0) throw new EnvironmentError(problems);
  }

  private async roleProblems(): Promise<string[]> {
    const { bypassing, owning } = await roleFaults(this.database.dataSource);
    if (!this.deployment.profile.tenantFixed) return [...bypassing, ...owning].map(adviceOn);
    for (const fault of bypassing)
      this.logger.warn(`TENANT_PLANE_DATABASE_URL: ${fault}. A plain role that owns the database is enough`);
    return [];
  }
}

function adviceOn(problem: string): string {
  return (
    `TENANT_PLANE_DATABASE_URL: ${problem}. A shared tenant plane needs a plain role that owns nothing. ` +
    'Set TENANT_PLANE_MIGRATION_DATABASE_URL to the URL of the owner'
  );
}
