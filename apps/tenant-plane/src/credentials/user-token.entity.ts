import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type UserTokenPurpose = 'invite' | 'reset';

/**
 * A single-use link for choosing a password. A new link invalidates the previous one. If an email is sent
 * more than once, each copy has its own link, and using one link invalidates the others.
 */
@Entity('user_tokens')
export class UserToken implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar', { name: 'token_hash' }) tokenHash: string;
  @Column('uuid', { name: 'user_id' }) userId: string;
  @Column('varchar') purpose: UserTokenPurpose;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
}
