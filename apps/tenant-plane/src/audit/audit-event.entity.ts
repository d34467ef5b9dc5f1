import { AuditRow, type TenantOwned } from '@atlas/persistence';
import { Entity, PrimaryColumn } from 'typeorm';

@Entity('audit_events')
export class AuditEvent extends AuditRow implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
}
