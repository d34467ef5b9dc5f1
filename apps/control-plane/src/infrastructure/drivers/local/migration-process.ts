import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const TIMEOUT_MS = 60_000;

/** Lets the Tenant Plane bring a database up to date, in a process of its own: its schema is its own affair. */
export async function runMigration(app: string, databaseUrl: string): Promise<void> {
  const env = {
    PATH: process.env['PATH'],
    ATLAS_OFFLINE_MODE: '1',
    ATLAS_TP_DEPLOYMENT: 'dedicated',
    TENANT_PLANE_DATABASE_URL: databaseUrl,
  };
  await promisify(execFile)(process.execPath, [join(app, 'migrate.js')], { env, timeout: TIMEOUT_MS });
}
