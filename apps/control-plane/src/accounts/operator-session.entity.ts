import { type SessionView } from '@atlas/operator-api';
import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('operator_sessions')
export class OperatorSession {
  @PrimaryColumn('varchar') id: string;
  @Column('uuid', { name: 'operator_id' }) operatorId: string;
  @Column('varchar', { name: 'secret_hash' }) secretHash: string;
  @Column('varchar') method: SessionView['method'];
  @Column('varchar', { nullable: true }) ip: string | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /** Accurate to the minute; null if never used. */
  @TimestampColumn({ name: 'last_used_at', nullable: true }) lastUsedAt: Date | null;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
  @TimestampColumn({ name: 'revoked_at', nullable: true }) revokedAt: Date | null;
}
