import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The stored response to a repeatable request, written in the request's own transaction. */
@Entity('idempotency_keys')
export class IdempotencyRecord implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  /** SHA-256 of caller, method, path and key. */
  @PrimaryColumn('varchar') scope: string;
  /** Empty, because the hash is sealed with the response. An earlier version stored it here. */
  @Column('varchar', { name: 'body_hash' }) bodyHash: string;
  /**
   * Null while the first request is still running. Sealed, because a response may contain a secret that is
   * shown only once. A repeated request gets the same bytes.
   */
  @Column('text', { nullable: true }) answer: string | null;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
}
