import { randomUUID } from 'node:crypto';
import { type DatabaseDriver, type TenantView, type TestStack, asAdmin, testServerUrl } from '@atlas/testing';
import { type TenantRows } from '../tenant-rows';

export interface DriftView {
  readonly id: string;
  readonly kind: string;
  readonly subject: { readonly id: string };
  readonly first_seen_at: string;
  readonly repaired: boolean;
  readonly detail: string;
}

/** A drift that was created by hand. */
export interface Injected {
  readonly kind: string;
  readonly subjectId: string;
  readonly at: number;
}

/**
 * A Control Plane with tenants. Its database and infrastructure are changed directly, bypassing its
 * safeguards.
 */
export interface DriftScene {
  readonly driver: DatabaseDriver;
  readonly stack: TestStack;
  readonly rows: TenantRows;
  /** The local driver's folder. */
  readonly folder: string;
}

export function later(driver: DatabaseDriver, ms: number): string {
  const time = new Date(Date.now() + ms).toISOString();
  return driver === 'postgres' ? time : time.replace('T', ' ').replace('Z', '');
}

/** Copies a row with some values changed. */
export async function copyRow(
  { rows }: DriftScene,
  { table, where }: { readonly table: string; readonly where: readonly [string, unknown][] },
  changes: Readonly<Record<string, unknown>>,
): Promise<void> {
  const condition = where.map(([column], index) => `${column} = $${index + 1}`).join(' and ');
  const values = where.map(([, value]) => value);
  const [row] = await rows.query<object>(`select * from ${table} where ${condition}`, values);
  const copy = Object.entries({ ...row, ...changes });
  const places = copy.map((_, index) => `$${index + 1}`).join(', ');
  const columns = copy.map(([column]) => column).join(', ');
  await rows.query(
    `insert into ${table} (${columns}) values (${places})`,
    copy.map(([, value]) => asStored(value)),
  );
}

function asStored(value: unknown): unknown {
  const isJson = value !== null && typeof value === 'object' && !(value instanceof Date);
  return isJson ? JSON.stringify(value) : value;
}

/** Copies a tenant plane's row. The copy has no tenants. */
export async function copyPlane(
  scene: DriftScene,
  id: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<string> {
  const copy = randomUUID();
  const own = { id: copy, name: `copy-${copy.slice(-8)}`, placed: 0, ...changes };
  await copyRow(scene, { table: 'tenant_planes', where: [['id', id]] }, own);
  return copy;
}

export async function localPlaneOf(
  { rows }: DriftScene,
  { tenant_plane_id: id }: TenantView,
): Promise<{ readonly name: string; readonly pid: number }> {
  const [row] = await rows.query<{ name: string; pid: number }>(
    'select name, pid from local_planes where tenant_plane_id = $1',
    [id],
  );
  if (!row) throw new Error('The tenant has no local plane.');
  return row;
}

export async function onServer(...statements: readonly string[]): Promise<void> {
  await asAdmin(testServerUrl(), async (client) => {
    for (const statement of statements) await client.query(statement);
  });
}
