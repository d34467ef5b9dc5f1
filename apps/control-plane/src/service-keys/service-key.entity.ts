import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An INTERNAL_SERVICE_SECRET of one tenant plane. Stored sealed. */
@Entity('service_keys')
export class ServiceKey {
  @PrimaryColumn('varchar') id: string;
  @Column('uuid', { name: 'tenant_plane_id' }) tenantPlaneId: string;
  @Column('text', { name: 'secret_sealed' }) secretSealed: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /**
   * When the key's token was redeemed, or when the key was minted as the
   * next one in a rotation. Until then, the key can be used only to enrol.
   */
  @TimestampColumn({ name: 'activated_at', nullable: true }) activatedAt: Date | null;
  @TimestampColumn({ name: 'revoked_at', nullable: true }) revokedAt: Date | null;
  /** When the key last signed a call, to within a few seconds. */
  @TimestampColumn({ name: 'last_used_at', nullable: true }) lastUsedAt: Date | null;
}
