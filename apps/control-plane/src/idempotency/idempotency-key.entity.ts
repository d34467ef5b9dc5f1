import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The answer to a request that may be repeated. Written in the request's own transaction. */
@Entity('idempotency_keys')
export class IdempotencyRecord {
  /** SHA-256 of caller, method, path and key. */
  @PrimaryColumn('varchar') scope: string;
  /**
   * Empty: the hash is sealed with the answer, because a body may contain a password that its hash
   * would let someone guess. Rows from an earlier version, which live for a day, keep it here.
   */
  @Column('varchar', { name: 'body_hash' }) bodyHash: string;
  @Column('integer') status: number;
  /** Sealed, since an answer may contain secrets that are shown once. */
  @Column('text', { name: 'answer_sealed' }) answerSealed: string;
  /** The one-time part, sealed separately so that it can be erased. */
  @Column('text', { name: 'install_sealed', nullable: true }) installSealed: string | null;
  /** The token in the one-time part, which is erased once this token is redeemed or revoked. */
  @Column('varchar', { name: 'token_id', nullable: true }) tokenId: string | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
}
