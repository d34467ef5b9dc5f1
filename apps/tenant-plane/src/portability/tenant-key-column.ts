import { type TenantKeys, TENANT_KEY_BYTES } from '../tenant-secrets/tenant-keys';
import { TenantKey } from '../tenant-secrets/tenant-key.entity';
import { type LocalColumn } from './row-codec';
import { TransferFailed } from './transfer-failed';

/**
 * The keys of a tenant leave this plane in the clear, inside parts that are encrypted to their recipient. A
 * key that this plane has lost travels as null if the tenant already uses the next key.
 */
export function tenantKeyColumn(keys: TenantKeys): LocalColumn {
  return {
    entity: TenantKey,
    name: 'sealed_key',
    toPortable(row) {
      const key = row as TenantKey;
      const plain = keys.open(key);
      if (plain !== null) return plain.reveal();
      if (key.sealedKey === null || key.replacedAt !== null) return null;
      throw new TransferFailed(KEY_LOST);
    },
    toStored(value, { number }, tenantId) {
      if (value === null) return null;
      if (typeof value !== 'string' || Buffer.from(value, 'base64').length !== TENANT_KEY_BYTES)
        throw new TransferFailed('Received a tenant key of an unknown format. Upgrade this plane.');
      return keys.seal(value, { tenantId, number: Number(number) });
    },
  };
}

const KEY_LOST =
  'The source cannot decrypt the key of the secrets that the tenant has stored, because it no longer has ' +
  'the INTERNAL_SERVICE_SECRET that protects it. Start it with that secret as ' +
  "INTERNAL_SERVICE_SECRET_PREVIOUS, or have the tenant's admin enter one of these secrets again.";
