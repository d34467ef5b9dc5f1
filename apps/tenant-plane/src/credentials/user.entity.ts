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
  /** The tenant's first user ever; there can be only one. Users are deactivated, never deleted. */
  @Column('boolean', { name: 'is_first' }) isFirst: boolean;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /** Set until the invitation is accepted. */
  @TimestampColumn({ name: 'invited_at', nullable: true }) invitedAt: Date | null;
  /** Who sent the latest invitation. Null without one, or if an earlier version sent it. */
  @Column('uuid', { name: 'invited_by', nullable: true }) invitedBy: string | null;
  /** When that invitation ended, because its sender may no longer invite. The next one clears it. */
  @TimestampColumn({ name: 'invitation_ended_at', nullable: true }) invitationEndedAt: Date | null;
  @TimestampColumn({ name: 'deactivated_at', nullable: true }) deactivatedAt: Date | null;
  /** Rises with each revocation, so that checks from before one can be told from later ones. */
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
