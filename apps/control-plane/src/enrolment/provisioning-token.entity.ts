import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A one-time right to enrol as one tenant plane. Only its SHA-256 is kept. */
@Entity('provisioning_tokens')
export class ProvisioningToken {
  /** The public id in the token itself. */
  @PrimaryColumn('varchar') id: string;
  @Column('uuid', { name: 'tenant_plane_id' }) tenantPlaneId: string;
  /** The key that the enrolment must be signed with: the one of the same install bundle. */
  @Column('varchar', { name: 'key_id' }) keyId: string;
  @Column('varchar', { name: 'secret_hash' }) secretHash: string;
  @Column('varchar', { name: 'issued_by' }) issuedBy: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
  @TimestampColumn({ name: 'revoked_at', nullable: true }) revokedAt: Date | null;
  /** Later than those of the plane's tokens before it, whatever the clock says. */
  @TimestampColumn({ name: 'consumed_at', nullable: true }) consumedAt: Date | null;
  /** The instance that consumed it: the same one may repeat its enrolment. */
  @Column('uuid', { name: 'consumed_by', nullable: true }) consumedBy: string | null;
}
