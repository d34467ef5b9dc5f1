import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CREATED_MODELS } from '@atlas/deployment-profiles';
import { StepFailure } from '@atlas/jobs';

/**
 * Migrates a database in a separate process of the Tenant Plane,
 * which owns the schema. Kills the process after `timeoutMs`.
 */
export async function runMigration(app: string, databaseUrl: string, timeoutMs: number): Promise<void> {
  const env = {
    PATH: process.env['PATH'],
    ATLAS_OFFLINE_MODE: '1',
    // Any model whose tenants have their own databases will do, because they all use the same schema.
    ATLAS_TP_DEPLOYMENT: CREATED_MODELS[0],
    TENANT_PLANE_DATABASE_URL: databaseUrl,
  };
  const options = { env, timeout: timeoutMs, killSignal: 'SIGKILL' } as const;
  try {
    await promisify(execFile)(process.execPath, [join(app, 'migrate.js')], options);
  } catch (error) {
    if ((error as { killed?: boolean }).killed !== true) throw error;
    const detail = `Migrating the template database took more than ${timeoutMs / 1000} s.`;
    throw new StepFailure('retry', 'template_migration_too_slow', detail);
  }
}
