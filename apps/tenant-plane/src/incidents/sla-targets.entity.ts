import { type TenantOwned } from '@atlas/persistence';
import { type Severity } from '@atlas/tenant-api/incidents';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The targets of one severity, if the tenant has set its own. */
@Entity('sla_targets')
export class SlaTargets implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar') severity: Severity;
  @Column('integer', { name: 'response_minutes' }) responseMinutes: number;
  @Column('integer', { name: 'resolution_minutes' }) resolutionMinutes: number;
}
