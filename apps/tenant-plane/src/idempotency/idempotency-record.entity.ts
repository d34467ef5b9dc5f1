import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The stored answer to a repeatable request, written in the request's own transaction. */
@Entity('idempotency_keys')
export class IdempotencyRecord implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  /** SHA-256 of caller, method, path and key. */
  @PrimaryColumn('varchar') scope: string;
  /** Empty: the hash is sealed with the answer. An earlier version stored it here. */
  @Column('varchar', { name: 'body_hash' }) bodyHash: string;
  /**
   * Null while the first request is still running. Sealed, since an answer may hold what is shown only once.
   * A repeat gets the same bytes.
   */
  @Column('text', { nullable: true }) answer: string | null;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
}
