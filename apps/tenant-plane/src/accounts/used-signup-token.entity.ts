import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Entity, PrimaryColumn } from 'typeorm';

/** A redeemed sign-up token. */
@Entity('used_signup_tokens')
export class UsedSignupToken implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar') jti: string;
  @TimestampColumn({ name: 'used_at' }) usedAt: Date;
}
