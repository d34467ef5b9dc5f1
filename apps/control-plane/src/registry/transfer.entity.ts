import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { type Manifest, type TransferPartHeader } from '@atlas/plane-contract';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * `backup`: kept in the Control Plane once it is complete.
 * `restore`: a backup that is being imported into a tenant plane.
 */
export type TransferPurpose = 'move' | 'backup' | 'restore';

/**
 * A tenant's rows in transit from one tenant plane to another, or into a backup. For a
 * backup, one plane is both source and target. At most one transfer per tenant is live.
 */
@Entity('transfers')
export class Transfer {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') purpose: TransferPurpose;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('uuid', { name: 'source_plane_id' }) sourcePlaneId: string;
  @Column('uuid', { name: 'target_plane_id' }) targetPlaneId: string;
  /**
   * The public key of the target or the backup. Without the
   * matching private key, no one can decrypt the parts.
   */
  @JsonColumn() recipient: Record<string, unknown>;
  /**
   * The private half of a backup's key. Once it is erased, all copies of the backup's parts are unreadable.
   */
  @Column('text', { name: 'key_sealed', nullable: true }) keySealed: string | null;
  /**
   * The backup's private key as a JWE, encrypted to the key of the plane that makes or restores the backup.
   */
  @Column('text', { name: 'plane_key', nullable: true }) planeKey: string | null;
  /** For a kept backup: the row count and checksum of each table. */
  @JsonColumn({ nullable: true }) manifest: Manifest | null;
  /** For a kept backup: the version of the plane that made it. */
  @Column('varchar', { nullable: true }) version: string | null;
  /**
   * For a kept backup: the instance of the plane that made it. Null if
   * another instance may have enrolled before the backup was complete.
   */
  @Column('uuid', { name: 'made_by', nullable: true }) madeBy: string | null;
  /**
   * For a backup: the plane's `forked_at` when the backup began.
   * If the plane now has a different value, it has forked since.
   */
  @TimestampColumn({ name: 'forked_before', nullable: true }) forkedBefore: Date | null;
  /** The name of the source's newest run. */
  @Column('varchar', { nullable: true }) attempt: string | null;
  /** How many parts of the attempt have arrived, and the kind of the last part and its number of changes. */
  @Column('integer') parts: number;
  @Column('varchar', { name: 'last_kind', nullable: true }) lastKind: TransferPartHeader['kind'] | null;
  @Column('integer', { name: 'last_changes' }) lastChanges: number;
  /** How many parts `importer` has imported. */
  @Column('integer') imported: number;
  /** Only runs of this generation count. Incremented when the transfer must start over. */
  @Column('integer') generation: number;
  /** The name of the target's newest run. */
  @Column('varchar', { nullable: true }) importer: string | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /**
   * When the source started sending changes, according to the database's
   * clock. Null while the initial rows are still being copied.
   */
  @TimestampColumn({ name: 'following_since', nullable: true }) followingSince: Date | null;
  /** When the source was instructed to stop all writes. */
  @TimestampColumn({ name: 'frozen_at', nullable: true }) frozenAt: Date | null;
  @TimestampColumn({ name: 'ended_at', nullable: true }) endedAt: Date | null;
}

/** Ciphertext, kept until a move ends or a backup is erased. */
@Entity('transfer_parts')
export class TransferPart {
  @PrimaryColumn('uuid', { name: 'transfer_id' }) transferId: string;
  @PrimaryColumn('integer') part: number;
  @Column('text') sealed: string;
}
