import { type TestStack } from '@atlas/testing';
import { inBatches, turns } from '../in-batches';

/** Few requests at a time, because the Control Plane is also doing other work. */
export const FEW = { batch: 8 };

export interface TenantWithSecret {
  readonly id: string;
  readonly dbUrl: string;
}

/**
 * Creates dedicated tenants with manually created infrastructure. Each tenant has three sealed values: its
 * database URL in two rows, and its plane's secret.
 */
export async function tenantsWithSecrets(stack: TestStack, count: number): Promise<TenantWithSecret[]> {
  const make = async (n: number): Promise<TenantWithSecret> => {
    const { body } = await stack.provision(`sealed-${n}`, { body: { deployment_model: 'dedicated' } });
    const { id } = body.tenant;
    const dbUrl = `postgres://tenant:password-of-${n}@db.example.com/tenant_${n}`;
    const made = { endpoint_url: `https://tenant-${n}.example.com`, db_url: dbUrl };
    const path = `/api/tenants/${id}/infrastructure`;
    const { status } = await stack.api(path, { method: 'PUT', body: made });
    if (status !== 200) throw new Error(`PUT ${path} returned ${status}.`);
    await stack.api(`/api/tenants/${id}/provisioning-tokens`, { method: 'POST' });
    return { id, dbUrl };
  };
  return inBatches(turns(count), FEW, make);
}

/** The database URL as returned by the Control Plane; undefined if it refuses. */
export async function dbUrlOf(stack: TestStack, id: string): Promise<string | undefined> {
  const { status, body } = await stack.api<{ db_url?: string }>(`/api/tenants/${id}/db-url`);
  return status === 200 ? body.db_url : undefined;
}
