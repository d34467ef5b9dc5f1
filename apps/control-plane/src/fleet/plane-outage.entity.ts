import { TimestampColumn } from '@atlas/persistence';
import { Entity, PrimaryColumn } from 'typeorm';

/** An enrolled plane that was told to be offline and has not reported since. */
@Entity('plane_outages')
export class PlaneOutage {
  @PrimaryColumn('uuid', { name: 'tenant_plane_id' }) tenantPlaneId: string;
  /** When the plane last reported. */
  @TimestampColumn() since: Date;
}
