import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The answer to a request that may be repeated. Written in the request's own transaction. */
@Entity('idempotency_keys')
export class IdempotencyRecord {
  /** SHA-256 of caller, method, path and key. */
  @PrimaryColumn('varchar') scope: string;
  /**
   * Empty: the hash is sealed with the answer, since a body may hold a password that could be guessed by it.
   * A version of before kept it here; its last row is a day old at most.
   */
  @Column('varchar', { name: 'body_hash' }) bodyHash: string;
  @Column('integer') status: number;
  /** Sealed: an answer may hold what is shown once. */
  @Column('text', { name: 'answer_sealed' }) answerSealed: string;
  /** The one-time part, sealed apart so that it can be erased by itself. */
  @Column('text', { name: 'install_sealed', nullable: true }) installSealed: string | null;
  /** The token in the one-time part: redeemed or revoked, the part is erased. */
  @Column('varchar', { name: 'token_id', nullable: true }) tokenId: string | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
}
