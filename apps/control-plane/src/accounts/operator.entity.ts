import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type OperatorRole } from './scopes';

@Entity('operators')
export class Operator {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') email: string;
  @Column('varchar') name: string;
  @Column('varchar') role: OperatorRole;
  @Column('varchar', { name: 'password_hash' }) passwordHash: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'disabled_at', nullable: true }) disabledAt: Date | null;
}
