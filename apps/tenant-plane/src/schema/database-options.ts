import { type DatabaseOptions, databaseTarget } from '@atlas/persistence';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { TENANT_PLANE_SCHEMA } from './tenant-plane-schema';

export function databaseOptions(config: TenantPlaneConfig): DatabaseOptions {
  const owner = config.TENANT_PLANE_MIGRATION_DATABASE_URL;
  return {
    target: databaseTarget(config.TENANT_PLANE_DATABASE_URL),
    migrationTarget: owner === undefined ? undefined : databaseTarget(owner),
    schema: TENANT_PLANE_SCHEMA,
    poolSize: config.TENANT_PLANE_DATABASE_POOL_SIZE,
  };
}
