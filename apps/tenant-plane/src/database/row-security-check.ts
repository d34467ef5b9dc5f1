import { Database, sharedRoleProblems, tenantTableProblems } from '@atlas/persistence';
import { EnvironmentError } from '@atlas/platform';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Deployment } from '../deployment/deployment';

/** On Postgres a plane serves only behind row-level security that binds it: otherwise it refuses to start. */
@Injectable()
export class RowSecurityCheck implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly deployment: Deployment,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.database.driver !== 'postgres') return;
    const { dataSource } = this.database;
    const roleProblems = this.deployment.profile.tenantFixed ? [] : await sharedRoleProblems(dataSource);
    const problems = [...roleProblems.map(adviceOn), ...(await tenantTableProblems(dataSource))];
    if (problems.length > 0) throw new EnvironmentError(problems);
  }
}

function adviceOn(problem: string): string {
  return `TENANT_PLANE_DATABASE_URL: ${problem}. In a shared tenant plane it must be a plain role that owns nothing; give the owner as TENANT_PLANE_MIGRATION_DATABASE_URL`;
}
