import { lockedForUpdate } from '@atlas/persistence';
import { type EntityManager, In, Not } from 'typeorm';
import { Tenant } from '../tenants/tenant.entity';
import { Signup } from './signup.entity';

/**
 * The tenant that an address has signed up for; each address may have one. A tenant that failed or is being deprovisioned
 * lets nobody in, so it does not keep its owner from signing up again.
 */
export function tenantOf(manager: EntityManager, email: string): Promise<Tenant | null> {
  const status = Not(In(['deleted', 'deprovisioning', 'failed']));
  return manager.findOneBy(Tenant, { adminEmail: email, source: 'signup', status });
}

/** Serialises everything that may give an address a tenant: opening a sign-up link, and retrying a failed provisioning. */
export async function lockSignups(manager: EntityManager, email: string): Promise<void> {
  const all = manager.createQueryBuilder(Signup, 'signup').where({ email }).orderBy('signup.id');
  await lockedForUpdate(all).getMany();
}
