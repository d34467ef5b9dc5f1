import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type GrantableRole } from '@atlas/tenant-api/identity-provider';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A tenant's identity provider. The plane is a public client of the provider, so the row contains no secret
 * and can move with the tenant.
 */
@Entity('identity_providers')
export class IdentityProvider implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar') kind: 'oidc';
  @Column('varchar') issuer: string;
  @Column('varchar', { name: 'client_id' }) clientId: string;
  @Column('boolean', { name: 'is_enabled' }) isEnabled: boolean;
  /** Whether a first sign-in creates the user and, if so, with which role and from which email domains. */
  @Column('boolean', { name: 'creates_users' }) createsUsers: boolean;
  @Column('varchar', { name: 'default_role' }) defaultRole: GrantableRole;
  @JsonColumn({ name: 'email_domains' }) emailDomains: string[];
  @TimestampColumn({ name: 'changed_at' }) changedAt: Date;
}
