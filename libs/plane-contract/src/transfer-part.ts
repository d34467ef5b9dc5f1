/**
 * A part of a tenant's rows on their way: a compact JWE (RFC 7516) to the target's enrolment key. Its header is all that the
 * Control Plane can read of it.
 */
export const TRANSFER_PART_TYPE = 'application/jose';

/** The largest part, in characters. */
export const MAX_PART_LENGTH = 8_000_000;

/** Rows and checksum of each table. */
export type Manifest = Readonly<Record<string, { readonly rows: number; readonly checksum: string }>>;

/** What the JWE of the last part holds, packed by gzip, besides the last rows: what the target must have by then. */
export interface LastPart {
  readonly manifest: Manifest;
}

/** The type of the JWE in which a plane is given the key of a backup. */
export const BACKUP_KEY_TYPE = 'atlas-backup-key';

/** So few changes at a time that a freeze is short. */
export const LEVEL_CHANGES = 200;

export interface TransferPartHeader {
  readonly transfer: string;
  /** The name of the run. The source begins anew with a later one: what was imported of the one before is void. */
  readonly attempt: string;
  /** Counts from 1. */
  readonly part: number;
  /** `snapshot`: rows as they were at the beginning; `changes`: what changed since; `last`: nothing follows. */
  readonly kind: 'snapshot' | 'changes' | 'last';
  /**
   * Changed rows in it: with at most {@link LEVEL_CHANGES}, the target is nearly level with the source. A part that others
   * wait behind has few when they are large, and says a number too large for that.
   */
  readonly changes: number;
}

/** What the source is told of the target. */
export interface TransferProgress {
  /** How many parts of the attempt it has imported. */
  readonly imported: number;
}
