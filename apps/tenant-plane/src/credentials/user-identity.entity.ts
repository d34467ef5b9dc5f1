import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A user's identity at the tenant's identity provider. */
@Entity('user_identities')
export class UserIdentity implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid', { name: 'user_id' }) userId: string;
  @Column('varchar') issuer: string;
  @Column('varchar') subject: string;
  @TimestampColumn({ name: 'linked_at' }) linkedAt: Date;
}
