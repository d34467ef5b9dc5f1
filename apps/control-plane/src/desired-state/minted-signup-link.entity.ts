import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A sign-up link without its token, for as long as a tenant plane may have to be told of it. */
@Entity('signup_links')
export class MintedSignupLink {
  /** A UUIDv7: of two links the later one has the higher. */
  @PrimaryColumn('uuid') jti: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  /** Its audience: the tenant's home at that time. */
  @Column('uuid', { name: 'tenant_plane_id' }) tenantPlaneId: string;
  /** The operator; null for the system's own welcome mail. */
  @Column('uuid', { name: 'issued_by', nullable: true }) issuedBy: string | null;
  /** The operator's API key; null when they issued it in person. */
  @Column('varchar', { name: 'issued_with', nullable: true }) issuedWith: string | null;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
  @TimestampColumn({ name: 'revoked_at', nullable: true }) revokedAt: Date | null;
}
