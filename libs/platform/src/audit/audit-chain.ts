import { createHash } from 'node:crypto';

/** One entry of an audit trail, in the form that the API returns and that its hash covers. */
export interface AuditRecord {
  readonly id: string;
  readonly at: string;
  readonly actor: { readonly kind: string; readonly id: string | null };
  readonly action: string;
  readonly target: { readonly kind: string; readonly id: string | null };
  readonly before: unknown;
  readonly after: unknown;
  readonly ip: string | null;
  readonly trace_id: string | null;
}

/**
 * The last entry of a chain, now or at an earlier time. A head saved earlier reveals whether the chain has
 * since been truncated or rebuilt.
 */
export interface ChainHead {
  readonly position: number;
  readonly hash: string;
}

export type SealedAuditRecord = AuditRecord & ChainHead;

export const CHAIN_START: ChainHead = { position: 0, hash: '0'.repeat(64) };

/**
 * Appends `record` to a chain that ends with `head`. The hash of the new entry is the SHA-256 (hex) of the
 * previous hash and of the record as canonical JSON (RFC 8785).
 */
export function linkBehind(head: ChainHead, record: AuditRecord): ChainHead {
  const { id, at, actor, action, target, before, after, ip, trace_id } = record;
  const covered = { id, at, actor, action, target, before, after, ip, trace_id };
  const hash = createHash('sha256').update(head.hash).update(canonicalJson(covered)).digest('hex');
  return { position: head.position + 1, hash };
}

/** Why `record` does not follow `head`, or null if it does. */
export function faultBehind(head: ChainHead, record: SealedAuditRecord): string | null {
  const { position, hash } = linkBehind(head, record);
  if (record.position !== position)
    return `entry ${position} is missing: ${record.position} follows ${head.position}`;
  return record.hash === hash ? null : `entry ${position} (${record.action}) does not match its seal`;
}

function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = value as Record<string, unknown>;
  const names = Object.keys(members).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(members[name])}`).join(',')}}`;
}
