import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnvironment } from '@atlas/platform';
import { type TestDatabase, asAdmin, testServerUrl } from '@atlas/testing';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { TenantPlaneConfig } from '../../src/config/tenant-plane.config';
import { backUp } from '../../src/plane-backups/back-up';
import { type BackupManifest } from '../../src/plane-backups/backup-manifest';
import { type Restored, restoreBackup } from '../../src/plane-backups/restore-backup';
import { withReader } from '../../src/plane-backups/sqlite-copy';
import { environmentFor } from '../tenant-plane.fixture';

/** A folder with a plane's env file and its backups. Recipients spare tests the slow scrypt. */
export class BackupPlace {
  readonly folder = mkdtempSync(join(tmpdir(), 'atlas-backups-'));
  readonly archive = join(this.folder, 'plane.age');
  readonly envFile = join(this.folder, 'atlas-tp.env');
  private identity = '';
  private recipient = '';

  static async create(): Promise<BackupPlace> {
    const place = new BackupPlace();
    place.identity = await generateX25519Identity();
    place.recipient = await identityToRecipient(place.identity);
    writeFileSync(place.envFile, '# The plane\nTENANT_BASE_DOMAIN=localhost:4200\n', { mode: 0o640 });
    return place;
  }

  get key() {
    return { recipients: [this.recipient] };
  }

  get opener() {
    return { identities: [this.identity] };
  }

  backUp(
    database: TestDatabase,
    file = this.archive,
    include: readonly string[] = [],
  ): Promise<BackupManifest> {
    const env = environmentFor(database);
    const folder = { envFile: this.envFile, include };
    return backUp(parseEnvironment(TenantPlaneConfig, env), env, {
      file,
      key: this.key,
      folder,
    });
  }

  /** Restores into the folder `name` and, on Postgres, into `database`. */
  restore(name: string, database?: TestDatabase, file = this.archive): Promise<Restored> {
    const { url, ownerUrl } = database ?? { url: '' };
    const connection = { url, ...(ownerUrl !== undefined && { ownerUrl }) };
    const folder = join(this.folder, name);
    return restoreBackup({ file, opener: this.opener, folder, ...(url !== '' && { connection }) });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Every row of every table as text, in a fixed order. */
export async function allRows({
  driver,
  url,
}: Pick<TestDatabase, 'driver' | 'url'>): Promise<Map<string, string[]>> {
  if (driver === 'sqlite')
    return withReader(url, async (run) => {
      const tables = await run<{ name: string }>(
        `select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`,
      );
      const rows = tables.map(
        async ({ name }) => [name, textsOf(await run(`select * from "${name}"`))] as const,
      );
      return new Map(await Promise.all(rows));
    });
  return asAdmin(new URL(new URL(url).pathname, testServerUrl()).toString(), async (client) => {
    const sql =
      `select relname as name from pg_class where relkind = 'r' and ` +
      `relnamespace = 'public'::regnamespace`;
    const all = new Map<string, string[]>();
    for (const { name } of (await client.query<{ name: string }>(sql)).rows) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from "${name}" t`);
      all.set(name, textsOf(rows));
    }
    return all;
  });
}

function textsOf(rows: readonly unknown[]): string[] {
  return rows
    .map((row) =>
      JSON.stringify(row, (_, value: unknown) => (Buffer.isBuffer(value) ? value.toString('hex') : value)),
    )
    .sort();
}
