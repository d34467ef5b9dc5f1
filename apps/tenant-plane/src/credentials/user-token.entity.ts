import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type UserTokenPurpose = 'invite' | 'reset';

/**
 * A link with which a user chooses a password, once. A new link voids the one before. The copies of one mail
 * have a link each, and the first one used voids the others.
 */
@Entity('user_tokens')
export class UserToken implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar', { name: 'token_hash' }) tokenHash: string;
  @Column('uuid', { name: 'user_id' }) userId: string;
  @Column('varchar') purpose: UserTokenPurpose;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
}
