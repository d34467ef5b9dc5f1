import 'reflect-metadata';
import { migrateFirst } from '@atlas/persistence';
import { EnvironmentError, parseEnvironment } from '@atlas/platform';
import { TenantPlaneConfig } from './config/tenant-plane.config';
import { databaseOptions } from './schema/database-options';

/**
 * Migrates the database that TENANT_PLANE_DATABASE_URL names, and exits. The plane does the same when it
 * starts.
 */
migrateFirst(databaseOptions(parseEnvironment(TenantPlaneConfig, process.env))).catch((error: unknown) => {
  const { message, stack } = error as Error;
  process.stderr.write(`${error instanceof EnvironmentError ? message : stack}\n`);
  process.exit(1);
});
