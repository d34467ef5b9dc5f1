import { TimestampColumn } from '@atlas/persistence';
import { Entity, PrimaryColumn } from 'typeorm';

/** A used nonce, kept until its signature is too old to be accepted. */
@Entity('request_nonces')
export class RequestNonce {
  @PrimaryColumn('varchar', { name: 'key_id' }) keyId: string;
  @PrimaryColumn('varchar') nonce: string;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
}
