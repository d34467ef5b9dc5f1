import { type DeliveryAnswer, type DeliveryStatus } from '@atlas/operator-api';
import { BigintColumn, JsonColumn, TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One event for one subscription. */
@Entity('event_deliveries')
export class EventDelivery {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'subscription_id' }) subscriptionId: string;
  @Column('uuid', { name: 'event_id' }) eventId: string;
  @Column('varchar') type: string;
  @Column('varchar') subject: string;
  /** The order of the subject's events. */
  @BigintColumn() position: number;
  /** What is sent, byte for byte the same in each attempt. */
  @Column('text') body: string;
  @Column('varchar') status: DeliveryStatus;
  /** The number of attempts started so far. A process with an older number cannot write the outcome. */
  @Column('integer') attempts: number;
  /** While an attempt runs, the end of its lease. */
  @TimestampColumn({ name: 'next_attempt_at' }) nextAttemptAt: Date;
  @JsonColumn({ name: 'last_answer', nullable: true }) lastAnswer: DeliveryAnswer | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'finished_at', nullable: true }) finishedAt: Date | null;
}
