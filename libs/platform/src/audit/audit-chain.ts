import { createHash } from 'node:crypto';

/** One entry of an audit trail, as the API shows it and as its hash covers it. */
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

/** The last entry that a chain has, or had when somebody wrote this down: whoever holds it sees a chain cut or made anew. */
export interface ChainHead {
  readonly position: number;
  readonly hash: string;
}

export type SealedAuditRecord = AuditRecord & ChainHead;

export const CHAIN_START: ChainHead = { position: 0, hash: '0'.repeat(64) };

/**
 * Where `record` stands behind `head`: its hash is the SHA-256 (hex) of the hash before it and of the record as JSON in the
 * canonical form of RFC 8785.
 */
export function linkBehind(head: ChainHead, record: AuditRecord): ChainHead {
  const { id, at, actor, action, target, before, after, ip, trace_id } = record;
  const covered = { id, at, actor, action, target, before, after, ip, trace_id };
  const hash = createHash('sha256').update(head.hash).update(canonicalJson(covered)).digest('hex');
  return { position: head.position + 1, hash };
}

/** Why `record` cannot be what stands behind `head`; null when it is. */
export function faultBehind(head: ChainHead, record: SealedAuditRecord): string | null {
  const { position, hash } = linkBehind(head, record);
  if (record.position !== position)
    return `entry ${position} is missing: ${record.position} comes behind ${head.position}`;
  return record.hash === hash ? null : `entry ${position} (${record.action}) is not what was sealed`;
}

function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = value as Record<string, unknown>;
  const names = Object.keys(members).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(members[name])}`).join(',')}}`;
}
