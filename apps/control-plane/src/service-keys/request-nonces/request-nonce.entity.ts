import { TimestampColumn } from '@atlas/persistence';
import { Entity, PrimaryColumn } from 'typeorm';

/** A nonce that was used, until its signature is too old to be accepted anyway. */
@Entity('request_nonces')
export class RequestNonce {
  @PrimaryColumn('varchar', { name: 'key_id' }) keyId: string;
  @PrimaryColumn('varchar') nonce: string;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
}
