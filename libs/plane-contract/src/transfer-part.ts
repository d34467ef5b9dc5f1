/**
 * A part of a tenant's rows in transit: a compact JWE (RFC 7516), encrypted to the target's enrolment key.
 * The Control Plane can read only its header.
 */
export const TRANSFER_PART_TYPE = 'application/jose';

/** The largest part, in characters. */
export const MAX_PART_LENGTH = 8_000_000;

/** The row count and checksum of each table. */
export type Manifest = Readonly<Record<string, { readonly rows: number; readonly checksum: string }>>;

/**
 * What the gzipped JSON in the last part contains in addition to the last rows: the manifest of what the
 * target must then contain.
 */
export interface LastPart {
  readonly manifest: Manifest;
}

/** The type of the JWE that contains a backup key for a plane. */
export const BACKUP_KEY_TYPE = 'atlas-backup-key';

/** If at most this many changes are waiting, a freeze will be short. */
export const LEVEL_CHANGES = 200;

export interface TransferPartHeader {
  readonly transfer: string;
  /**
   * The name of the run. When the source starts over under a later name, everything imported from the
   * previous run is discarded.
   */
  readonly attempt: string;
  /** Starts at 1. */
  readonly part: number;
  /** `snapshot`: rows as they were at the start; `changes`: what changed since; `last`: nothing follows. */
  readonly kind: 'snapshot' | 'changes' | 'last';
  /**
   * The number of changed rows. With at most {@link LEVEL_CHANGES}, the target has nearly caught up with the
   * source. A part with large rows may contain few changes while more are waiting; it then states a number
   * above that limit.
   */
  readonly changes: number;
}

/** The target's progress, as reported to the source. */
export interface TransferProgress {
  /** How many parts of the attempt the target has imported. */
  readonly imported: number;
}
