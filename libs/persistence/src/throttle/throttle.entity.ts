import { TimestampColumn } from '../schema/columns';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How many times something has been tried recently. Rows belong to no tenant, and their keys are hashes. */
@Entity('throttles')
export class ThrottleRow {
  /** SHA-256 of what is counted. */
  @PrimaryColumn('varchar') key: string;
  @Column('integer') count: number;
  @TimestampColumn({ name: 'window_ends_at' }) windowEndsAt: Date;
}
