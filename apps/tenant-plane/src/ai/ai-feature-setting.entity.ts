import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type AiFeature } from '@atlas/tenant-api/ai';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An admin's setting for a feature of the AI. If there is no row, the deployment model decides. */
@Entity('ai_feature_settings')
export class AiFeatureSetting implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar') feature: AiFeature;
  @Column('boolean', { name: 'is_allowed' }) isAllowed: boolean;
  @TimestampColumn({ name: 'changed_at' }) changedAt: Date;
}
