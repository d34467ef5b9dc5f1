import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type RunbookDefinition } from './runbook-definition';

/** One version of a runbook. Versions are never changed. */
@Entity('runbook_versions')
export class RunbookVersion implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'runbook_id' }) runbookId: string;
  /** 1, 2, … within the runbook. */
  @Column('integer') version: number;
  @JsonColumn() definition: RunbookDefinition;
  @Column('uuid', { name: 'created_by' }) createdBy: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
}
