import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * The last rehearsal of an outage; null if there was none. One row, which only `atlas-tp rehearse-outage`
 * writes. Times are by the replicas' shared clock.
 */
@Entity('link_cuts')
export class LinkCutRow {
  @PrimaryColumn('integer') id: number;
  @Column('uuid', { name: 'rehearsal_id', nullable: true }) rehearsalId: string | null;
  @TimestampColumn({ name: 'begun_at', nullable: true }) begunAt: Date | null;
  /** The link is cut until then. */
  @TimestampColumn({ name: 'ends_at', nullable: true }) endsAt: Date | null;
}
