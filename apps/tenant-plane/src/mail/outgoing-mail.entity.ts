import { OutgoingMailRow, type TenantOwned } from '@atlas/persistence';
import { Entity, PrimaryColumn } from 'typeorm';

@Entity('outgoing_mails')
export class OutgoingMail extends OutgoingMailRow implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
}
