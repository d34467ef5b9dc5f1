import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An event that has been written with the fact that it tells about, and not yet queued for subscriptions. */
@Entity('outgoing_events')
export class OutgoingEvent {
  /** Assigned by the database. */
  @PrimaryColumn('bigint') position: string;
  @Column('uuid') id: string;
  @Column('varchar') type: string;
  @Column('varchar') subject: string;
  @JsonColumn() data: Readonly<Record<string, unknown>>;
  @TimestampColumn({ name: 'occurred_at' }) occurredAt: Date;
}
