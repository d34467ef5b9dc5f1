import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A session, whose opaque tokens are stored as SHA-256 hashes. The row belongs to the tenant and moves with
 * it.
 */
@Entity('sessions')
export class Session implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'user_id' }) userId: string;
  /**
   * The first session of the same sign-in, possibly this session itself. Null in rows from earlier versions.
   */
  @Column('uuid', { name: 'family_id', nullable: true }) familyId: string | null;
  /** Whether the user signed in through the tenant's identity provider. */
  @Column('boolean', { name: 'is_single_sign_on' }) isSingleSignOn: boolean;
  @Column('varchar', { name: 'token_hash' }) tokenHash: string;
  @Column('varchar', { name: 'refresh_hash' }) refreshHash: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
  @TimestampColumn({ name: 'refresh_expires_at' }) refreshExpiresAt: Date;
  @TimestampColumn({ name: 'revoked_at', nullable: true }) revokedAt: Date | null;
}
