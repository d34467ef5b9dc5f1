import { SecretBox, type SealingKey } from '@atlas/persistence';
import { mintCredential } from '@atlas/service-auth';
import { type Client } from 'pg';
import { copiedId, copyRow, sqlOfCopiedId } from '../growth/copied-rows';

const CREATED = `insert into service_keys (id, tenant_plane_id, secret_sealed, created_at, activated_at)
  select id, tenant_plane_id, secret_sealed, now(), now()
    from json_to_recordset($1) as minted (id text, tenant_plane_id uuid, secret_sealed text)`;

interface Originals {
  readonly tenantPlaneId: string;
  readonly tenantId: string;
}

export interface CopiedPlane {
  readonly id: string;
  readonly secret: string;
}

/**
 * Adds copies of an enrolled plane and of its only tenant to a Control Plane's database. Each copy has a key
 * of its own, and has reported that its tenant is applied.
 */
export async function copyPlanes(
  client: Client,
  { tenantPlaneId, tenantId }: Originals,
  { copies, sealingKeys }: { readonly copies: number; readonly sealingKeys: readonly SealingKey[] },
): Promise<CopiedPlane[]> {
  const copy = (table: string, where: string, own: Readonly<Record<string, string>>) =>
    copyRow(client, { table, where, copies, own });
  const id = sqlOfCopiedId('n');
  // A copy has a process of its own, which numbers its reports from 1.
  const unheard = { sequence: '0', link_id: 'null' };
  await copy('tenant_planes', `id = '${tenantPlaneId}'`, { id, name: "'fleet-' || n", ...unheard });
  const names = { slug: "'fleet-' || n", name: "'Fleet ' || n", admin_email: "'admin@fleet-' || n" };
  await copy('tenants', `id = '${tenantId}'`, { id, ...names });
  await copy('placements', `tenant_id = '${tenantId}'`, { tenant_id: id, tenant_plane_id: id });
  const planes = await mintKeys(client, copies, new SecretBox(sealingKeys));
  await client.query('vacuum analyze');
  return planes;
}

async function mintKeys(client: Client, copies: number, box: SecretBox): Promise<CopiedPlane[]> {
  const minted = Array.from({ length: copies }, (_, n) => ({
    tenantPlaneId: copiedId(n + 1),
    ...mintCredential('ats'),
  }));
  const rows = minted.map(({ tenantPlaneId, id, value }) => ({
    id,
    tenant_plane_id: tenantPlaneId,
    secret_sealed: box.seal(value, {
      table: 'service_keys',
      column: 'secret_sealed',
      rowId: id,
      ownerId: tenantPlaneId,
    }),
  }));
  await client.query(CREATED, [JSON.stringify(rows)]);
  return minted.map(({ tenantPlaneId, value }) => ({ id: tenantPlaneId, secret: value.reveal() }));
}
