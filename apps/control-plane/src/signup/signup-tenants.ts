import { lockedForUpdate } from '@atlas/persistence';
import { type EntityManager, In, Not } from 'typeorm';
import { Tenant } from '../tenants/tenant.entity';
import { Signup } from './signup.entity';

/**
 * The tenant that an address has by sign-up: one for each is enough. One that failed was never there, and one that was
 * deprovisioned lets nobody in, so neither keeps its owner from signing up.
 */
export function tenantOf(manager: EntityManager, email: string): Promise<Tenant | null> {
  const status = Not(In(['deleted', 'deprovisioning', 'failed']));
  return manager.findOneBy(Tenant, { adminEmail: email, source: 'signup', status });
}

/** Whatever gives the address a tenant takes turns: links that are opened, and a provisioning that is retried. */
export async function lockSignups(manager: EntityManager, email: string): Promise<void> {
  const all = manager.createQueryBuilder(Signup, 'signup').where({ email }).orderBy('signup.id');
  await lockedForUpdate(all).getMany();
}
