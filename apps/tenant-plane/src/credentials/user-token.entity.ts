import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type UserTokenPurpose = 'invite' | 'reset';

/**
 * A link that lets a user choose a password, once. A new one voids the one before; the copies of one mail
 * have one each, and the first that is used voids the others.
 */
@Entity('user_tokens')
export class UserToken implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar', { name: 'token_hash' }) tokenHash: string;
  @Column('uuid', { name: 'user_id' }) userId: string;
  @Column('varchar') purpose: UserTokenPurpose;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
}
