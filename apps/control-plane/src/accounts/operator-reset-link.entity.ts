import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A single-use link with which an operator can choose a password. Its token is stored as a SHA-256 hash. */
@Entity('operator_reset_links')
export class OperatorResetLink {
  @PrimaryColumn('varchar') id: string;
  @Column('uuid', { name: 'operator_id' }) operatorId: string;
  @Column('varchar', { name: 'secret_hash' }) secretHash: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
  /** The operator who issued the link; null for links that are older than this column. */
  @Column('uuid', { name: 'issued_by', nullable: true }) issuedBy: string | null;
  /** The issuer's API key; null if issued with a session. */
  @Column('varchar', { name: 'issued_with', nullable: true }) issuedWith: string | null;
  /** When the link was used or replaced, or when its issuer lost the right to issue it. */
  @TimestampColumn({ name: 'ended_at', nullable: true }) endedAt: Date | null;
}
