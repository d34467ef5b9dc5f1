import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { type Manifest, type TransferPartHeader } from '@atlas/plane-contract';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `backup`: kept here once it has ended. `restore`: the same, on its way back. */
export type TransferPurpose = 'move' | 'backup' | 'restore';

/**
 * A tenant's rows on their way from one tenant plane to another, or to
 * be kept: then one plane is both. At most one of a tenant is live.
 */
@Entity('transfers')
export class Transfer {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') purpose: TransferPurpose;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('uuid', { name: 'source_plane_id' }) sourcePlaneId: string;
  @Column('uuid', { name: 'target_plane_id' }) targetPlaneId: string;
  /** The target's public key, or the backup's: what passes through here is for nobody else. */
  @JsonColumn() recipient: Record<string, unknown>;
  /** The private half of a backup's key. Erased, its parts are noise wherever they lie. */
  @Column('text', { name: 'key_sealed', nullable: true }) keySealed: string | null;
  /** The same key for the plane that makes or takes the backup, as a JWE to that plane's own. */
  @Column('text', { name: 'plane_key', nullable: true }) planeKey: string | null;
  /** Of a kept backup: the rows and checksum of each table. */
  @JsonColumn({ nullable: true }) manifest: Manifest | null;
  /** Of a kept backup: the version of the plane that made it. */
  @Column('varchar', { nullable: true }) version: string | null;
  /**
   * Of a kept backup: the instance of the plane that made it.
   * Null where another one may have enrolled before it was kept.
   */
  @Column('uuid', { name: 'made_by', nullable: true }) madeBy: string | null;
  /**
   * Of a backup: when its plane's identity had last been forked
   * as it began. Another time at the plane is a fork since.
   */
  @TimestampColumn({ name: 'forked_before', nullable: true }) forkedBefore: Date | null;
  /** The newest run of the source. */
  @Column('varchar', { nullable: true }) attempt: string | null;
  /** How many parts of the attempt are here, and what the last of them is. */
  @Column('integer') parts: number;
  @Column('varchar', { name: 'last_kind', nullable: true }) lastKind: TransferPartHeader['kind'] | null;
  @Column('integer', { name: 'last_changes' }) lastChanges: number;
  /** How many of them `importer` has imported. */
  @Column('integer') imported: number;
  /** Runs of an earlier one are too late. Rises when everything must begin anew. */
  @Column('integer') generation: number;
  /** The newest run of the target. */
  @Column('varchar', { nullable: true }) importer: string | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /**
   * When the source went on to changes, by the database's time.
   * Null while the target has yet to import the rows before them.
   */
  @TimestampColumn({ name: 'following_since', nullable: true }) followingSince: Date | null;
  /** When the source was told to let nothing be written any more. */
  @TimestampColumn({ name: 'frozen_at', nullable: true }) frozenAt: Date | null;
  @TimestampColumn({ name: 'ended_at', nullable: true }) endedAt: Date | null;
}

/** Ciphertext: of a move until it ends, of a backup until it is erased. */
@Entity('transfer_parts')
export class TransferPart {
  @PrimaryColumn('uuid', { name: 'transfer_id' }) transferId: string;
  @PrimaryColumn('integer') part: number;
  @Column('text') sealed: string;
}
