import 'reflect-metadata';
import { PostgresDatabase, type Work } from '@atlas/persistence';
import { builtExports } from '../built-app';

/**
 * Makes a Tenant Plane read a tenant's rows without a transaction and without setting the current tenant in
 * the database. Also skips the check that would stop the plane from starting with row-level security off.
 */
const { RowSecurityCheck } = builtExports<{
  RowSecurityCheck: { prototype: { onModuleInit(): Promise<void> } };
}>('tenant-plane', 'tenancy/row-security-check.js');
RowSecurityCheck.prototype.onModuleInit = () => Promise.resolve();

PostgresDatabase.prototype.readAs = function <T>(
  this: PostgresDatabase,
  _tenantId: string,
  work: Work<T>,
): Promise<T> {
  return this.read(work);
};
