import { statSync } from 'node:fs';
import { type BackupManifest } from './backup-manifest';

/** The output of `atlas-tp backup` and `atlas-tp verify`. */
export function backupReport(file: string, manifest: BackupManifest): Record<string, unknown> {
  const { tables } = manifest.database;
  return {
    file,
    bytes: statSync(file).size,
    id: manifest.id,
    created_at: manifest.created_at,
    tenant_plane_id: manifest.tenant_plane_id,
    deployment_model: manifest.deployment_model,
    version: manifest.version,
    database: manifest.database.driver,
    migration: manifest.database.migrations.at(-1) ?? null,
    rows: Object.values(tables).reduce((sum, { rows }) => sum + rows, 0),
    tables: Object.fromEntries(Object.entries(tables).map(([name, { rows }]) => [name, rows])),
    files: manifest.folder.map(({ path }) => path),
  };
}
