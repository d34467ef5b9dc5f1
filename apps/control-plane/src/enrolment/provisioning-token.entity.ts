import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A token with which one tenant plane can enrol once. Stored as a SHA-256 hash. */
@Entity('provisioning_tokens')
export class ProvisioningToken {
  /** The public id contained in the token. */
  @PrimaryColumn('varchar') id: string;
  @Column('uuid', { name: 'tenant_plane_id' }) tenantPlaneId: string;
  /** The key from the same install bundle. The enrolment must be signed with it. */
  @Column('varchar', { name: 'key_id' }) keyId: string;
  @Column('varchar', { name: 'secret_hash' }) secretHash: string;
  @Column('varchar', { name: 'issued_by' }) issuedBy: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
  @TimestampColumn({ name: 'revoked_at', nullable: true }) revokedAt: Date | null;
  /**
   * When the token was redeemed. Always later than the redemption
   * of the plane's earlier tokens, even if the clock was set back.
   */
  @TimestampColumn({ name: 'consumed_at', nullable: true }) consumedAt: Date | null;
  /** The instance that redeemed the token. Only this instance may repeat the enrolment. */
  @Column('uuid', { name: 'consumed_by', nullable: true }) consumedBy: string | null;
}
