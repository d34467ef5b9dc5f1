import { randomBytes } from 'node:crypto';
import {
  Database,
  type SealedPlace,
  type SealingKey,
  TenantDatabase,
  type TenantScope,
  insertIfAbsent,
} from '@atlas/persistence';
import { Clock, Secret, type SecretText } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { IsNull, LessThan } from 'typeorm';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { servingTenants } from '../tenancy/serving-tenants';
import { TenantKey } from './tenant-key.entity';

export const TENANT_KEY_BYTES = 32;

type Name = Pick<TenantKey, 'tenantId' | 'number'>;

/** The keys of tenants, each sealed under this plane's wrapping key. */
@Injectable()
export class TenantKeys {
  private readonly logger = new Logger(TenantKeys.name);

  constructor(
    private readonly database: Database,
    private readonly tenants: TenantDatabase,
    private readonly identities: PlaneIdentities,
    private readonly clock: Clock,
  ) {}

  /** The key in base64. Null if this plane cannot decrypt it. */
  open(key: TenantKey): Secret | null {
    if (key.sealedKey === null) return null;
    try {
      return this.identities.wrappingBox.open(key.sealedKey, placeOf(key));
    } catch {
      return null;
    }
  }

  seal(plain: SecretText, name: Name): string {
    return this.identities.wrappingBox.seal(plain, placeOf(name));
  }

  /** The tenant's keys that this plane can decrypt, newest first. */
  async usable(scope: TenantScope): Promise<SealingKey[]> {
    return this.opened(await this.all(scope));
  }

  /**
   * The key that seals new secrets. If this plane can decrypt no key, creates the next one. The others stay,
   * because the plane may get its previous secret back. Of several first uses at once, one creates the key
   * and the others wait for it.
   */
  async newest(scope: TenantScope): Promise<SealingKey> {
    for (;;) {
      const all = await this.all(scope);
      const [newest] = this.opened(all);
      if (newest) return newest;
      await this.create(scope, (all[0]?.number ?? 0) + 1);
    }
  }

  /**
   * Whether any tenant's newest key cannot be decrypted. Earlier keys do not count, because the tenant has
   * entered secrets again since they were lost. While the plane has all wrapping keys, no tenant is read.
   */
  async isAnyLost(): Promise<boolean> {
    if (this.identities.opensWrappingKeys) return false;
    for await (const tenantId of servingTenants(this.database)) {
      const [newest] = await this.tenants.read(tenantId, (scope) => this.all(scope));
      if (newest && this.open(newest) === null) return true;
    }
    return false;
  }

  private all(scope: TenantScope): Promise<TenantKey[]> {
    return scope.find(TenantKey, { order: { number: 'DESC' } });
  }

  private opened(keys: readonly TenantKey[]): SealingKey[] {
    return keys.flatMap((key) => {
      const plain = this.open(key);
      return plain === null ? [] : [{ id: String(key.number), key: Buffer.from(plain.reveal(), 'base64') }];
    });
  }

  private async create(scope: TenantScope, number: number): Promise<void> {
    const { tenantId, manager } = scope;
    const plain = randomBytes(TENANT_KEY_BYTES).toString('base64');
    const createdAt = this.clock.now();
    const sealedKey = this.seal(plain, { tenantId, number });
    const key: TenantKey = { tenantId, number, sealedKey, createdAt, replacedAt: null };
    if (!(await insertIfAbsent(manager, TenantKey, key)) || number === 1) return;
    const earlier = { number: LessThan(number), replacedAt: IsNull() };
    await scope.update(TenantKey, earlier, { replacedAt: createdAt });
    this.logger.warn(
      `Key ${number} of tenant ${tenantId} seals new secrets, because this plane cannot decrypt the keys ` +
        'before it. Start it with its previous secret as INTERNAL_SERVICE_SECRET_PREVIOUS, or have the ' +
        "tenant's admins enter their secrets again.",
    );
  }
}

function placeOf({ tenantId: ownerId, number }: Name): SealedPlace {
  return { table: 'tenant_keys', column: 'sealed_key', rowId: String(number), ownerId };
}
