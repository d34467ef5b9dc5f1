/**
 * A part of a tenant's rows in transit: a compact JWE (RFC 7516) to the target's enrolment key. The Control
 * Plane can read only its header.
 */
export const TRANSFER_PART_TYPE = 'application/jose';

/** The largest part, in characters. */
export const MAX_PART_LENGTH = 8_000_000;

/** Rows and checksum of each table. */
export type Manifest = Readonly<Record<string, { readonly rows: number; readonly checksum: string }>>;

/** What the JWE of the last part holds, gzipped, besides the last rows: what the target must have by then. */
export interface LastPart {
  readonly manifest: Manifest;
}

/** The type of the JWE that gives a plane the key of a backup. */
export const BACKUP_KEY_TYPE = 'atlas-backup-key';

/** With at most this many changes at a time, a freeze is short. */
export const LEVEL_CHANGES = 200;

export interface TransferPartHeader {
  readonly transfer: string;
  /**
   * The name of the run. When the source starts over under a later name, everything imported from the
   * previous run is void.
   */
  readonly attempt: string;
  /** Counts from 1. */
  readonly part: number;
  /** `snapshot`: rows as they were at the start; `changes`: what changed since; `last`: nothing follows. */
  readonly kind: 'snapshot' | 'changes' | 'last';
  /**
   * The number of changed rows. With at most {@link LEVEL_CHANGES}, the target is nearly level with the
   * source. A part of large rows may have few changes while others wait behind it; it then states a number
   * above that limit.
   */
  readonly changes: number;
}

/** What the source learns about the target. */
export interface TransferProgress {
  /** The number of parts of the attempt that it has imported. */
  readonly imported: number;
}
