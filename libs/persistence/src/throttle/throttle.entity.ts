import { TimestampColumn } from '../schema/columns';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How many times something was tried recently. Plane-wide: a key is a hash and belongs to no tenant. */
@Entity('throttles')
export class ThrottleRow {
  /** SHA-256 of what is counted. */
  @PrimaryColumn('varchar') key: string;
  @Column('integer') count: number;
  @TimestampColumn({ name: 'window_ends_at' }) windowEndsAt: Date;
}
