import { TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type AiSource } from '@atlas/tenant-api/ai';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A record that an AI answered a question about an incident. The answer itself is not stored. */
@Entity('ai_answers')
export class AiAnswer implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'incident_id' }) incidentId: string;
  @Column('varchar') source: AiSource;
  @Column('varchar') model: string;
  @Column('uuid', { name: 'asked_by' }) askedBy: string;
  @TimestampColumn({ name: 'answered_at' }) answeredAt: Date;
}
