import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type UserTokenPurpose = 'invite' | 'reset';

/** A link that lets a user choose a password, once. A user has one of each purpose at most: a new one voids it. */
@Entity('user_tokens')
export class UserToken implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar', { name: 'token_hash' }) tokenHash: string;
  @Column('uuid', { name: 'user_id' }) userId: string;
  @Column('varchar') purpose: UserTokenPurpose;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
}
