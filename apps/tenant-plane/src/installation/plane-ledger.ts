import { lookAs, lookInto } from '@atlas/persistence';
import { type LedgerEntry } from '@atlas/tenant-api/residency';
import { type DataSource, type SelectQueryBuilder } from 'typeorm';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { EgressCall, PlaneEgressCall } from '../egress/egress-call.entity';
import { type LedgerRow, entryOf, narrowed } from '../residency/ledger-pages';
import { databaseOptions } from '../schema/database-options';
import { Tenant } from '../tenancy/tenant.entity';

/** As many rows as a ledger keeps. */
const MOST_ROWS = 50_000;

export interface LedgerSelection {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** The slug of a tenant. By default, the calls of the plane and of all its tenants. */
  readonly tenant?: string | undefined;
}

/** An entry, with the tenant that it concerns; null if it concerns the plane. */
interface OwnedEntry extends LedgerEntry {
  readonly tenant: string | null;
}

/** The ledger cannot be read. The message says what to do. */
class LedgerUnreadable extends Error {}

/** The ledger for whoever runs the plane, oldest call first. The plane may be running or not. */
export async function readLedger(
  config: TenantPlaneConfig,
  selection: LedgerSelection,
): Promise<{ readonly items: readonly OwnedEntry[] }> {
  requireTimes(selection);
  const read = await lookInto(databaseOptions(config), async (reader) => {
    if (!(await hasLedger(reader))) return [];
    const tenants = await reader.manager.find(Tenant, { order: { slug: 'ASC' } });
    const wanted = tenants.filter(({ slug }) => slug === (selection.tenant ?? slug));
    if (selection.tenant !== undefined && wanted.length === 0) throw noSuchTenant(selection.tenant, tenants);
    const lists = selection.tenant === undefined ? [owned(null, await planeRows(reader, selection))] : [];
    for (const { id, slug } of wanted) {
      const rows = await lookAs(reader, id, (manager) =>
        chosen(manager.createQueryBuilder(EgressCall, 'call').where({ tenantId: id }), selection),
      );
      lists.push(owned(slug, rows));
    }
    return lists.flat().sort((a, b) => a.at.getTime() - b.at.getTime());
  });
  return { items: read ?? [] };
}

function planeRows(reader: DataSource, selection: LedgerSelection): Promise<LedgerRow[]> {
  return chosen(reader.manager.createQueryBuilder(PlaneEgressCall, 'call').where('1 = 1'), selection);
}

function chosen<T extends LedgerRow>(
  rows: SelectQueryBuilder<T>,
  { from, to }: LedgerSelection,
): Promise<T[]> {
  const span = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  return narrowed(rows, { ...span, limit: MOST_ROWS }).getMany();
}

function owned(tenant: string | null, rows: readonly LedgerRow[]): OwnedEntry[] {
  return rows.map((row) => ({ tenant, ...entryOf(row) }));
}

async function hasLedger(reader: DataSource): Promise<boolean> {
  const runner = reader.createQueryRunner();
  return runner.hasTable('egress_calls').finally(() => runner.release());
}

function requireTimes({ from, to }: LedgerSelection): void {
  for (const time of [from, to])
    if (time !== undefined && Number.isNaN(Date.parse(time)))
      throw new LedgerUnreadable(`"${time}" is not a time. Write it like 2026-12-01T00:00:00Z.`);
}

function noSuchTenant(slug: string, tenants: readonly Tenant[]): LedgerUnreadable {
  const known = tenants.map((tenant) => tenant.slug).join(', ') || 'none';
  return new LedgerUnreadable(`This plane has no tenant "${slug}". It has: ${known}.`);
}
