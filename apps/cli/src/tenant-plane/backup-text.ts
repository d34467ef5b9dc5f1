import { factsText } from '../text';

/** What the scripts of the tenant plane say about a backup. */
export interface BackupView {
  readonly file: string;
  readonly bytes: number;
  readonly created_at: string;
  readonly tenant_plane_id: string | null;
  readonly deployment_model: string | null;
  readonly version: string;
  readonly database: string;
  readonly rows: number;
  readonly tables: Readonly<Record<string, number>>;
  readonly files: readonly string[];
}

export function backupText(backup: BackupView): string {
  return factsText([
    ['made', backup.created_at],
    ['size', `${(backup.bytes / 1e6).toFixed(1)} MB`],
    ['tenant plane', backup.tenant_plane_id ?? 'not enrolled'],
    ['deployment model', backup.deployment_model ?? 'unknown'],
    ['version', backup.version],
    ['database', `${backup.database}, ${backup.rows} rows in ${Object.keys(backup.tables).length} tables`],
    ['files', backup.files.join(', ')],
  ]);
}
