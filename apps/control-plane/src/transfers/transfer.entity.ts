import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { type TransferPartHeader } from '@atlas/plane-contract';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A tenant's rows on their way from one tenant plane to another. At most one of a tenant is live. */
@Entity('transfers')
export class Transfer {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('uuid', { name: 'source_plane_id' }) sourcePlaneId: string;
  @Column('uuid', { name: 'target_plane_id' }) targetPlaneId: string;
  /** The target's public key: what passes through here is for nobody else. */
  @JsonColumn() recipient: Record<string, unknown>;
  @Column('varchar', { nullable: true }) attempt: string | null;
  /** How many parts of the attempt are here, and what the last of them is. */
  @Column('integer') parts: number;
  @Column('varchar', { name: 'last_kind', nullable: true }) lastKind: TransferPartHeader['kind'] | null;
  @Column('integer', { name: 'last_changes' }) lastChanges: number;
  /** How many of them the target has imported. */
  @Column('integer') imported: number;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /** When the source was told to let nothing be written any more. */
  @TimestampColumn({ name: 'frozen_at', nullable: true }) frozenAt: Date | null;
  @TimestampColumn({ name: 'ended_at', nullable: true }) endedAt: Date | null;
}

/** Ciphertext, until the transfer ends. */
@Entity('transfer_parts')
export class TransferPart {
  @PrimaryColumn('uuid', { name: 'transfer_id' }) transferId: string;
  @PrimaryColumn('integer') part: number;
  @Column('text') sealed: string;
}
