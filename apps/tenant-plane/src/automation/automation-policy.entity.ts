import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type AutonomyLevel, type PolicyOverrideView } from '@atlas/tenant-api/automation';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How much the runs of a tenant may do on their own. If there is no row, the default applies. */
@Entity('automation_policies')
export class AutomationPolicy implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar') subject: 'runs';
  @Column('integer') level: AutonomyLevel;
  @JsonColumn() overrides: PolicyOverrideView[];
  @TimestampColumn({ name: 'changed_at' }) changedAt: Date;
}
