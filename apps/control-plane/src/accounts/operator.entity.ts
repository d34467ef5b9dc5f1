import { type OperatorRole } from '@atlas/operator-api';
import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('operators')
export class Operator {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') email: string;
  @Column('varchar') name: string;
  @Column('varchar') role: OperatorRole;
  /** NO_PASSWORD if the operator has no password. */
  @Column('varchar', { name: 'password_hash' }) passwordHash: string;
  /** The operator's identity at the identity provider, linked at the first single sign-on. */
  @Column('varchar', { name: 'sso_issuer', nullable: true }) ssoIssuer: string | null;
  @Column('varchar', { name: 'sso_subject', nullable: true }) ssoSubject: string | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'disabled_at', nullable: true }) disabledAt: Date | null;
  /**
   * How many times this operator's access has been revoked by a new password, by a demotion
   * or by disabling. A sign-in compares this count before and after its checks. Comparing
   * the password hash and the status is not enough, because both may have been changed back.
   */
  @Column('integer') revocations: number;
}
