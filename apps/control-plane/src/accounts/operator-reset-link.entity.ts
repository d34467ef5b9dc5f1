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
  /** The operator who issued it; null for one from before that was kept. */
  @Column('uuid', { name: 'issued_by', nullable: true }) issuedBy: string | null;
  /** The operator's API key; null when they issued it in person. */
  @Column('varchar', { name: 'issued_with', nullable: true }) issuedWith: string | null;
  /** When it was used, another took its place, or who issued it lost the right to. */
  @TimestampColumn({ name: 'ended_at', nullable: true }) endedAt: Date | null;
}
