import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An INTERNAL_SERVICE_SECRET of one tenant plane, kept only sealed. */
@Entity('service_keys')
export class ServiceKey {
  @PrimaryColumn('varchar') id: string;
  @Column('uuid', { name: 'tenant_plane_id' }) tenantPlaneId: string;
  @Column('text', { name: 'secret_sealed' }) secretSealed: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /**
   * Since its token was redeemed, or it was minted to follow
   * another; before that it can do nothing but enrol.
   */
  @TimestampColumn({ name: 'activated_at', nullable: true }) activatedAt: Date | null;
  @TimestampColumn({ name: 'revoked_at', nullable: true }) revokedAt: Date | null;
  /** When a call was last signed with it, to within a few seconds. */
  @TimestampColumn({ name: 'last_used_at', nullable: true }) lastUsedAt: Date | null;
}
