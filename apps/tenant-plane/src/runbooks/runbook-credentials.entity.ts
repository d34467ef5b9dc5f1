import { type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The credentials in headers of a runbook's current version. */
@Entity('runbook_credentials')
export class SealedCredentials implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid', { name: 'runbook_id' }) runbookId: string;
  /** JSON, sealed by `TenantSecrets`. */
  @Column('text') sealed: string;
}
