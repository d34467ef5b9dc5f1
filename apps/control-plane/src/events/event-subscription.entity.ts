import { type EventType } from '@atlas/operator-api';
import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('event_subscriptions')
export class EventSubscription {
  @PrimaryColumn('uuid') id: string;
  /** May contain a credential of the receiver, so only those who manage subscriptions see it. */
  @Column('varchar') url: string;
  @JsonColumn() events: readonly EventType[];
  @Column('varchar', { nullable: true }) description: string | null;
  @Column('text', { name: 'secret_sealed' }) secretSealed: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /** When the receiver answered 410 Gone. */
  @TimestampColumn({ name: 'disabled_at', nullable: true }) disabledAt: Date | null;
  /** How many events were left out because the queue was full. */
  @Column('integer') skipped: number;
  @TimestampColumn({ name: 'skipped_at', nullable: true }) skippedAt: Date | null;
}
