import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type EndpointUse } from '@atlas/tenant-api/ai';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The AI that a tenant runs or pays for itself. Each tenant has at most one. */
@Entity('ai_endpoints')
export class AiEndpoint implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar') kind: 'openai_compatible';
  @Column('varchar', { name: 'base_url' }) baseUrl: string;
  @Column('varchar') model: string;
  @Column('varchar', { name: 'used_as' }) usedAs: EndpointUse;
  @Column('integer', { name: 'timeout_seconds' }) timeoutSeconds: number;
  /** Sealed by `TenantSecrets`. Null if the endpoint needs no key. */
  @Column('text', { name: 'sealed_key', nullable: true }) sealedKey: string | null;
  @TimestampColumn({ name: 'changed_at' }) changedAt: Date;
}
