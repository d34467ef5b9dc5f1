import { type OperatorRole } from '@atlas/operator-api';
import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('operators')
export class Operator {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') email: string;
  @Column('varchar') name: string;
  @Column('varchar') role: OperatorRole;
  /** NO_PASSWORD for one who has none. */
  @Column('varchar', { name: 'password_hash' }) passwordHash: string;
  /** Who the provider of identities says they are: linked at their first sign-in by it. */
  @Column('varchar', { name: 'sso_issuer', nullable: true }) ssoIssuer: string | null;
  @Column('varchar', { name: 'sso_subject', nullable: true }) ssoSubject: string | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'disabled_at', nullable: true }) disabledAt: Date | null;
  /**
   * How often what they had was ended: by a new password, a lower role, or
   * being disabled. A proof of who they are that was looked at before, and is
   * acted on after, shows by it: hash and status may be back to what they were.
   */
  @Column('integer') revocations: number;
}
