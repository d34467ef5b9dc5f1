import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A request for a tenant, by someone who may since have verified their address. */
@Entity('signups')
export class Signup {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') email: string;
  @Column('varchar', { nullable: true }) organisation: string | null;
  /** The requested slug. */
  @Column('varchar', { nullable: true }) slug: string | null;
  /** SHA-256 of the token in the newest copy of the sign-up email. */
  @Column('varchar', { name: 'token_hash', nullable: true }) tokenHash: string | null;
  /** SHA-256 of the secret in the cookie of the browser that confirmed the address. */
  @Column('varchar', { name: 'browser_hash', nullable: true }) browserHash: string | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
  @TimestampColumn({ name: 'verified_at', nullable: true }) verifiedAt: Date | null;
  @Column('uuid', { name: 'tenant_id', nullable: true }) tenantId: string | null;
}
