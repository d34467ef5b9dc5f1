import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The response to a request that may be repeated. Written in the request's own transaction. */
@Entity('idempotency_keys')
export class IdempotencyRecord {
  /** SHA-256 of caller, method, path and key. */
  @PrimaryColumn('varchar') scope: string;
  /**
   * Empty, because the hash is sealed along with the response. A body may contain a password, which could be
   * guessed from an unsealed hash. Rows from earlier versions, which are kept for a day, contain the hash.
   */
  @Column('varchar', { name: 'body_hash' }) bodyHash: string;
  @Column('integer') status: number;
  /** Sealed, because a response may contain secrets that are shown once. */
  @Column('text', { name: 'answer_sealed' }) answerSealed: string;
  /** The part of the response that is shown once. It is sealed separately so that it can be erased. */
  @Column('text', { name: 'install_sealed', nullable: true }) installSealed: string | null;
  /**
   * The provisioning token shown in the one-time part. Once it is redeemed or revoked, that part is erased.
   */
  @Column('varchar', { name: 'token_id', nullable: true }) tokenId: string | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
}
