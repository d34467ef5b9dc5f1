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
 * Taking a tenant's identity provider away ends the sessions that it finds. So whatever opens or renews one
 * of those shares the provider's row until it ends, and whatever changes the provider has that row to itself.
 * Behind the lock of the tenant and before any user's row, so that no two wait for each other.
 */
export async function shareProvider(scope: TenantScope): Promise<IdentityProvider | null> {
  const [, shared] = await together([requireStanding(scope), lockedForShare(provider(scope)).getOne()]);
  return shared;
}

/** Waits for all who share it. In a transaction that holds up the tenant's writes. */
export function lockProvider(scope: TenantScope): Promise<IdentityProvider | null> {
  return lockedForUpdate(provider(scope)).getOne();
}

/**
 * As {@link lockProvider}, and makes the first one where there is none: of several who do so at once the
 * others wait for its row, as they would for one that was there. Null for whoever made it.
 */
export async function takeProvider(
  scope: TenantScope,
  first: Omit<IdentityProvider, 'tenantId'>,
): Promise<IdentityProvider | null> {
  const { tenantId, manager } = scope;
  for (;;) {
    const known = await lockProvider(scope);
    // One that was there when it was inserted may have been removed since.
    if (known || (await insertIfAbsent(manager, IdentityProvider, { tenantId, ...first }))) return known;
  }
}

function provider(scope: TenantScope): SelectQueryBuilder<IdentityProvider> {
  return scope.query(IdentityProvider, 'provider').andWhere('provider.kind = :kind', { kind: 'oidc' });
}
