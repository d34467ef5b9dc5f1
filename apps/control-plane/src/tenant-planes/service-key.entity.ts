import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An INTERNAL_SERVICE_SECRET of one tenant plane, kept only sealed. */
@Entity('service_keys')
export class ServiceKey {
  @PrimaryColumn('varchar') id: string;
  @Column('uuid', { name: 'tenant_plane_id' }) tenantPlaneId: string;
  @Column('text', { name: 'secret_sealed' }) secretSealed: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'revoked_at', nullable: true }) revokedAt: Date | null;
}
