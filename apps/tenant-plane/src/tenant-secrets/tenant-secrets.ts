import { type SealedPlace, SecretBox, type TenantScope } from '@atlas/persistence';
import { DomainError, type Secret, type SecretText } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { TenantKeys } from './tenant-keys';

/** Where a tenant's secret is stored. */
export type SecretPlace = Omit<SealedPlace, 'ownerId'>;

/**
 * Seals the secrets that a tenant stores, such as the credentials of a service. A sealed secret moves with
 * its tenant. It opens only in the tenant, table, column and row that it was sealed for.
 */
@Injectable()
export class TenantSecrets {
  constructor(private readonly keys: TenantKeys) {}

  /**
   * Call it in the transaction that stores the secret, because the tenant's first secret creates the tenant's
   * key.
   */
  async seal(scope: TenantScope, place: SecretPlace, plain: SecretText): Promise<string> {
    const box = new SecretBox([await this.keys.newest(scope)]);
    return box.seal(plain, ownedBy(scope, place));
  }

  /** Throws `secret_unreadable`. */
  async open(scope: TenantScope, place: SecretPlace, sealed: string): Promise<Secret> {
    const keys = await this.keys.usable(scope);
    try {
      return new SecretBox(keys).open(sealed, ownedBy(scope, place));
    } catch {
      throw secretUnreadable();
    }
  }
}

function ownedBy({ tenantId: ownerId }: TenantScope, place: SecretPlace): SealedPlace {
  return { ...place, ownerId };
}

function secretUnreadable(): DomainError {
  const detail =
    'This plane cannot decrypt a stored secret, because it no longer has the INTERNAL_SERVICE_SECRET that ' +
    'protects it. Start the plane with that secret as INTERNAL_SERVICE_SECRET_PREVIOUS, or enter the ' +
    'stored secret again.';
  return new DomainError('secret_unreadable', 'conflict', detail);
}
