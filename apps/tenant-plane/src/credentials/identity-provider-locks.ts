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
 * Removing a tenant's identity provider revokes only the single sign-on sessions that exist at that moment.
 * So a transaction that creates or renews such a session takes a share lock on the provider's row, and a
 * transaction that changes the provider takes an exclusive lock on the row. Either lock is taken after the
 * tenant's lock and before any user's row, so that transactions do not deadlock.
 */
export async function shareProvider(scope: TenantScope): Promise<IdentityProvider | null> {
  const [, shared] = await together([requireStanding(scope), lockedForShare(provider(scope)).getOne()]);
  return shared;
}

/** Waits for all transactions that hold a share lock on the row. Call it only after `holdUpWrites`. */
export function lockProvider(scope: TenantScope): Promise<IdentityProvider | null> {
  return lockedForUpdate(provider(scope)).getOne();
}

/**
 * Like {@link lockProvider}, but if there is no provider, creates `first` and returns null. Concurrent calls
 * wait for the new row as they would for an existing one.
 */
export async function takeProvider(
  scope: TenantScope,
  first: Omit<IdentityProvider, 'tenantId'>,
): Promise<IdentityProvider | null> {
  const { tenantId, manager } = scope;
  for (;;) {
    const known = await lockProvider(scope);
    // The row that prevented the insert may have been removed since then.
    if (known || (await insertIfAbsent(manager, IdentityProvider, { tenantId, ...first }))) return known;
  }
}

function provider(scope: TenantScope): SelectQueryBuilder<IdentityProvider> {
  return scope.query(IdentityProvider, 'provider').andWhere('provider.kind = :kind', { kind: 'oidc' });
}
