import { createHash } from 'node:crypto';
import { type AuditRecord, type ChainHead, type SealedAuditRecord, hashedBehind } from './audit-record';

export * from './audit-record';

/**
 * Appends `record` to a chain that ends with `head`. The hash of the new entry is the SHA-256 (hex) of the
 * previous hash and of the record as canonical JSON (RFC 8785).
 */
export function linkBehind(head: ChainHead, record: AuditRecord): ChainHead {
  const hash = createHash('sha256').update(hashedBehind(head, record)).digest('hex');
  return { position: head.position + 1, hash };
}

/** Why `record` does not follow `head`, or null if it does. */
export function faultBehind(head: ChainHead, record: SealedAuditRecord): string | null {
  const { position, hash } = linkBehind(head, record);
  if (record.position !== position)
    return `entry ${position} is missing: ${record.position} follows ${head.position}`;
  return record.hash === hash ? null : `entry ${position} (${record.action}) does not match its seal`;
}
