import { type GrantableRole } from '@atlas/tenant-api';
import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * Who vouches for a tenant's users. It holds no secret: we are
 * a public client there, so that it can move with the rows.
 */
@Entity('identity_providers')
export class IdentityProvider implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar') kind: 'oidc';
  @Column('varchar') issuer: string;
  @Column('varchar', { name: 'client_id' }) clientId: string;
  @Column('boolean', { name: 'is_enabled' }) isEnabled: boolean;
  /** Whether it lets in who is no user yet, as what, and from which domains. */
  @Column('boolean', { name: 'creates_users' }) createsUsers: boolean;
  @Column('varchar', { name: 'default_role' }) defaultRole: GrantableRole;
  @JsonColumn({ name: 'email_domains' }) emailDomains: string[];
  @TimestampColumn({ name: 'changed_at' }) changedAt: Date;
}
