import { JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type PreviousKey } from '../credentials/previous-keys';

/** A process in the customer's network that runs steps. */
@Entity('agents')
export class Agent implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') name: string;
  /** Null if the agent reports its labels itself. */
  @JsonColumn({ nullable: true }) labels: Record<string, string> | null;
  @JsonColumn({ name: 'reported_labels' }) reportedLabels: Record<string, string>;
  /** SHA-256 of the key. */
  @Column('varchar', { name: 'key_hash' }) keyHash: string;
  /** Newest first. */
  @JsonColumn({ name: 'previous_keys' }) previousKeys: readonly PreviousKey[];
  @Column('varchar', { nullable: true }) version: string | null;
  @Column('varchar', { nullable: true }) hostname: string | null;
  @TimestampColumn({ name: 'last_contact_at', nullable: true }) lastContactAt: Date | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
}

export function labelsOf({ labels, reportedLabels }: Agent): Readonly<Record<string, string>> {
  return labels ?? reportedLabels;
}
