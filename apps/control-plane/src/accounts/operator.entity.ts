import { type OperatorRole } from '@atlas/operator-api';
import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('operators')
export class Operator {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') email: string;
  @Column('varchar') name: string;
  @Column('varchar') role: OperatorRole;
  /** NO_PASSWORD if they have none. */
  @Column('varchar', { name: 'password_hash' }) passwordHash: string;
  /** Their identity at the provider, linked at the first single sign-on. */
  @Column('varchar', { name: 'sso_issuer', nullable: true }) ssoIssuer: string | null;
  @Column('varchar', { name: 'sso_subject', nullable: true }) ssoSubject: string | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'disabled_at', nullable: true }) disabledAt: Date | null;
  /**
   * How many times a new password, a lower role or being disabled has revoked this operator's
   * access. A sign-in checked before such a revocation and committed after it compares this
   * count, because the password hash and the status may have been changed back since.
   */
  @Column('integer') revocations: number;
}
