import { type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The end of a step's output. It has a table of its own, because most queries do not need it. */
@Entity('automation_outputs')
export class StepOutput implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid', { name: 'step_id' }) stepId: string;
  @Column('text') tail: string;
}
