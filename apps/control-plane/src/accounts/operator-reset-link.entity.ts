import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Lets an operator choose a password, once. Kept as SHA-256. */
@Entity('operator_reset_links')
export class OperatorResetLink {
  @PrimaryColumn('varchar') id: string;
  @Column('uuid', { name: 'operator_id' }) operatorId: string;
  @Column('varchar', { name: 'secret_hash' }) secretHash: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
  /** When it was used, or another took its place. */
  @TimestampColumn({ name: 'ended_at', nullable: true }) endedAt: Date | null;
}
