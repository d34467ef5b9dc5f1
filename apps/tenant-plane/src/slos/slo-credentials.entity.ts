import { type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The headers that are sent to the Prometheus server of an SLO. */
@Entity('slo_credentials')
export class SealedHeaders implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid', { name: 'slo_id' }) sloId: string;
  /** JSON, sealed by `TenantSecrets`. */
  @Column('text') sealed: string;
}
