import {
  type TenantScope,
  insertIfAbsent,
  lockedForShare,
  lockedForUpdate,
  together,
} from '@atlas/persistence';
import { type SelectQueryBuilder } from 'typeorm';
import { requireStanding } from '../tenancy/tenant-standing';
import { IdentityProvider } from './identity-provider.entity';

/**
 * Removing a tenant's identity provider ends the sessions that it finds. So whatever opens or renews such a
 * session shares a lock on the provider's row, and whatever changes the provider takes it exclusively. It is
 * taken after the tenant's lock and before any user's row, so that transactions do not deadlock.
 */
export async function shareProvider(scope: TenantScope): Promise<IdentityProvider | null> {
  const [, shared] = await together([requireStanding(scope), lockedForShare(provider(scope)).getOne()]);
  return shared;
}

/** Waits for all who share the lock. Only for a transaction that holds up the tenant's writes. */
export function lockProvider(scope: TenantScope): Promise<IdentityProvider | null> {
  return lockedForUpdate(provider(scope)).getOne();
}

/**
 * Like {@link lockProvider}, but creates the first provider if there is none. Of several concurrent calls the
 * others wait for its row, as they would for an existing one. Null for the call that created it.
 */
export async function takeProvider(
  scope: TenantScope,
  first: Omit<IdentityProvider, 'tenantId'>,
): Promise<IdentityProvider | null> {
  const { tenantId, manager } = scope;
  for (;;) {
    const known = await lockProvider(scope);
    // The row that kept it from being inserted may have been removed since.
    if (known || (await insertIfAbsent(manager, IdentityProvider, { tenantId, ...first }))) return known;
  }
}

function provider(scope: TenantScope): SelectQueryBuilder<IdentityProvider> {
  return scope.query(IdentityProvider, 'provider').andWhere('provider.kind = :kind', { kind: 'oidc' });
}
