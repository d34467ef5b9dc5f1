import { type TenantOwned, TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A key that seals a tenant's secrets. A tenant has one key, unless a plane could not decrypt it. */
@Entity('tenant_keys')
export class TenantKey implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  /** Counts from 1. The name of the key in the values that it seals. */
  @PrimaryColumn('integer') number: number;
  /** Sealed under the plane's wrapping key. Null if the plane that the tenant came from had lost the key. */
  @Column('text', { name: 'sealed_key', nullable: true }) sealedKey: string | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /** When the next key was created, because this one could not be decrypted. */
  @TimestampColumn({ name: 'replaced_at', nullable: true }) replacedAt: Date | null;
}
