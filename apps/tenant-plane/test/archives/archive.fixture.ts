import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type DesiredTenant } from '@atlas/plane-contract';
import { type ExportView, type ImportView } from '@atlas/tenant-api/exports';
import { eventually } from '@atlas/testing';
import { type ArchiveManifest } from '../../src/archives/archive-manifest';
import { EXPORTED_TABLES } from '../../src/archives/exported-tables';
import { tarHeader, tarPadding } from '../../src/archives/tar-format';
import { User } from '../../src/credentials/user.entity';
import { type CallOptions, type TestTenantPlane } from '../tenant-plane.fixture';

export type Files = Readonly<Record<string, Buffer>>;

export const NAMES = ['manifest.json', ...Object.keys(EXPORTED_TABLES).map((table) => `${table}.ndjson`)];
export const OPERATIONAL = Object.entries(EXPORTED_TABLES)
  .filter(([, { onImport }]) => onImport === 'insert')
  .map(([table]) => table);

/** Runs that have not ended are cancelled by an import. */
export const UNCHANGED = OPERATIONAL.filter(
  (table) => table !== 'automation_runs' && table !== 'automation_steps',
);

type Entry = readonly [name: string, content: Buffer];

/** An archive of these files. */
export function packed(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(([name, content]) => [
    tarHeader({ name, size: content.length }, new Date(0)),
    content,
    Buffer.alloc(tarPadding(content.length)),
  ]);
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** A copy with one bit changed, but not one of those that only choose among equal zeros. */
export function damaged(archive: Buffer): Buffer {
  const content = gunzipSync(archive);
  for (let at = archive.length - 300; at > 0; at -= 1) {
    const copy = Buffer.from(archive);
    copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
    if (!unpacksTo(copy, content)) return copy;
  }
  throw new Error('Every changed bit left the content as it was.');
}

function unpacksTo(archive: Buffer, content: Buffer): boolean {
  try {
    return gunzipSync(archive).equals(content);
  } catch {
    return false;
  }
}

export function entriesOf(files: Files): Entry[] {
  return NAMES.map((name) => [name, files[name] ?? Buffer.alloc(0)] as const);
}

/** An archive with other content in one file, and a manifest that agrees with it. */
export function rewritten(
  files: Files,
  table: string,
  change: (rows: Record<string, unknown>[]) => unknown[],
  describe: (manifest: ArchiveManifest) => object = (manifest) => manifest,
): Buffer {
  const rows = change(rowsIn(files, table));
  const content = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const manifest = manifestIn(files);
  const tables = manifest.tables.map((one) =>
    one.name === table
      ? {
          ...one,
          rows: rows.length,
          bytes: content.length,
          sha256: createHash('sha256').update(content).digest('hex'),
          ...(typeof rows[0] === 'object' && { columns: Object.keys(rows[0] ?? {}) }),
        }
      : one,
  );
  const document = Buffer.from(JSON.stringify(describe({ ...manifest, tables })));
  return packed(entriesOf({ ...files, [`${table}.ndjson`]: content, 'manifest.json': document }));
}

/** Requests an export and waits until it has ended. */
export async function exported(plane: TestTenantPlane, by: CallOptions): Promise<ExportView> {
  const { body } = await plane.post('/api/exports', undefined, by).expect(202);
  return endOf(plane, body.id, by);
}

export async function endOf(plane: TestTenantPlane, id: string, by: CallOptions): Promise<ExportView> {
  const get = async (): Promise<ExportView> => (await plane.get(`/api/exports/${id}`, by).expect(200)).body;
  await eventually(async () => (await get()).status !== 'running', { what: 'the export has ended' });
  return get();
}

export async function downloaded(
  plane: TestTenantPlane,
  id: string,
  by: CallOptions,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly headers: Headers; readonly bytes: Buffer }> {
  const answer = await fetch(`${plane.url}/api/exports/${id}/download`, {
    headers: { authorization: `Bearer ${by.session}`, ...headers },
  });
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

/** The archive of a new export. */
export async function archiveOf(plane: TestTenantPlane, by: CallOptions): Promise<Buffer> {
  const { id, status, failure } = await exported(plane, by);
  expect({ status, failure }).toEqual({ status: 'ready', failure: null });
  return (await downloaded(plane, id, by)).bytes;
}

/** Unpacks an archive with the system's own tar. */
export function unpacked(archive: Buffer): Files {
  return inFolder((folder) => {
    writeFileSync(join(folder, 'a.tar.gz'), archive);
    execFileSync('tar', ['-xzf', 'a.tar.gz'], { cwd: folder, stdio: 'pipe' });
    rmSync(join(folder, 'a.tar.gz'));
    return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
  });
}

export function manifestIn(files: Files): ArchiveManifest {
  return JSON.parse(String(files['manifest.json'])) as ArchiveManifest;
}

export function rowsIn(files: Files, table: string): Record<string, unknown>[] {
  const lines = String(files[`${table}.ndjson`]).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-archive-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Uploads an archive. */
export async function uploaded(
  plane: TestTenantPlane,
  archive: Buffer,
  by: CallOptions,
  type = 'application/gzip',
): Promise<{ readonly status: number; readonly body: ImportView & { readonly code: string } }> {
  const answer = await fetch(`${plane.url}/api/imports`, {
    method: 'POST',
    body: new Uint8Array(archive),
    headers: { authorization: `Bearer ${by.session}`, 'content-type': type },
  });
  return { status: answer.status, body: (await answer.json()) as ImportView & { code: string } };
}

export async function endOfImport(plane: TestTenantPlane, id: string, by: CallOptions): Promise<ImportView> {
  const get = async (): Promise<ImportView> => (await plane.get(`/api/imports/${id}`, by).expect(200)).body;
  await eventually(async () => (await get()).status !== 'running', { what: 'the import has ended' });
  return get();
}

/** Uploads an archive, and waits until it is imported or refused. */
export async function imported(
  plane: TestTenantPlane,
  archive: Buffer,
  by: CallOptions,
): Promise<ImportView> {
  const answer = await uploaded(plane, archive, by);
  expect(answer).toMatchObject({ status: 202, body: { status: 'running' } });
  return endOfImport(plane, answer.body.id, by);
}

/** Whether a tenant has no operational data, and no user but its admin. */
export async function isEmpty(plane: TestTenantPlane, tenant: DesiredTenant): Promise<boolean> {
  const counts = await plane.tenants.read(tenant.tenant_id, async ({ manager, tenantId }) =>
    Promise.all(
      OPERATIONAL.map((table) =>
        manager.query<unknown[]>(`select 1 from ${table} where tenant_id = $1 limit 1`, [tenantId]),
      ),
    ),
  );
  return counts.every((rows) => rows.length === 0) && (await plane.rows(tenant, User)).length === 1;
}
