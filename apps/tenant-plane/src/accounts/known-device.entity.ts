import { KnownDeviceRow, type TenantOwned } from '@atlas/persistence';
import { Entity, PrimaryColumn } from 'typeorm';

@Entity('known_devices')
export class KnownDevice extends KnownDeviceRow implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
}
