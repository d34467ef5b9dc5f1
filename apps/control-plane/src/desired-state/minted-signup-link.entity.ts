import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A sign-up link without its token, kept while a tenant plane may still need to know about it. */
@Entity('signup_links')
export class MintedSignupLink {
  /** A UUIDv7, so later links have higher ids. */
  @PrimaryColumn('uuid') jti: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  /** The audience of the link's token: the tenant's home when the link was issued. */
  @Column('uuid', { name: 'tenant_plane_id' }) tenantPlaneId: string;
  /** The operator who issued the link; null if the system issued it for the welcome email. */
  @Column('uuid', { name: 'issued_by', nullable: true }) issuedBy: string | null;
  /** The issuer's API key; null if issued with a session. */
  @Column('varchar', { name: 'issued_with', nullable: true }) issuedWith: string | null;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
  @TimestampColumn({ name: 'revoked_at', nullable: true }) revokedAt: Date | null;
}
