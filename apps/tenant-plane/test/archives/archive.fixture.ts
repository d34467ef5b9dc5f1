import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ExportView } from '@atlas/tenant-api/exports';
import { eventually } from '@atlas/testing';
import { type ArchiveManifest } from '../../src/archives/archive-manifest';
import { type CallOptions, type TestTenantPlane } from '../tenant-plane.fixture';

export type Files = Readonly<Record<string, Buffer>>;

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
