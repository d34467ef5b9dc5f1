import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An admin's setting for a route to an AI. If there is no row, the deployment model decides. */
@Entity('ai_route_settings')
export class AiRouteSetting implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar') route: 'control_plane';
  @Column('boolean', { name: 'is_allowed' }) isAllowed: boolean;
  @TimestampColumn({ name: 'changed_at' }) changedAt: Date;
}
