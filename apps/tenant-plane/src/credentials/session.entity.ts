import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Opaque tokens, stored as SHA-256. The row belongs to the tenant, so a session moves with it. */
@Entity('sessions')
export class Session implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'user_id' }) userId: string;
  /** The first session of its sign-in: itself, unless it was renewed. Null in rows of earlier versions. */
  @Column('uuid', { name: 'family_id', nullable: true }) familyId: string | null;
  /** Whether the tenant's identity provider vouched for its sign-in. */
  @Column('boolean', { name: 'is_single_sign_on' }) isSingleSignOn: boolean;
  @Column('varchar', { name: 'token_hash' }) tokenHash: string;
  @Column('varchar', { name: 'refresh_hash' }) refreshHash: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
  @TimestampColumn({ name: 'refresh_expires_at' }) refreshExpiresAt: Date;
  @TimestampColumn({ name: 'revoked_at', nullable: true }) revokedAt: Date | null;
}
