import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type UserRole } from '@atlas/tenant-api/users';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('users')
export class User implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') email: string;
  @Column('varchar') name: string;
  @Column('varchar') role: UserRole;
  @Column('varchar', { name: 'password_hash' }) passwordHash: string;
  /**
   * Whether this is the tenant's first user ever. Users are deactivated, never deleted, so there is only one.
   */
  @Column('boolean', { name: 'is_first' }) isFirst: boolean;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /** When the user was invited. Null once the invitation is accepted. */
  @TimestampColumn({ name: 'invited_at', nullable: true }) invitedAt: Date | null;
  /** Who sent the latest invitation. Null if there was none, or if an earlier version sent it. */
  @Column('uuid', { name: 'invited_by', nullable: true }) invitedBy: string | null;
  /**
   * When that invitation was cancelled because its sender was no longer allowed to invite users. Cleared by
   * the next invitation.
   */
  @TimestampColumn({ name: 'invitation_ended_at', nullable: true }) invitationEndedAt: Date | null;
  @TimestampColumn({ name: 'deactivated_at', nullable: true }) deactivatedAt: Date | null;
  /**
   * Increases with each revocation, so that a check made before a revocation can be distinguished from a
   * check made after it.
   */
  @Column('integer', { name: 'credentials_epoch', default: 0 }) credentialsEpoch: number;
}

/** The initial state of a user. */
export const NEW_USER = {
  isFirst: false,
  invitedAt: null,
  invitedBy: null,
  invitationEndedAt: null,
  deactivatedAt: null,
  credentialsEpoch: 0,
} satisfies Partial<User>;
