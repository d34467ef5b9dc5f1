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
 * What the hash of a new entry covers: the previous hash, and the record as canonical JSON (RFC 8785). Also
 * runs in browsers, which hash it by other means.
 */
export function hashedBehind(head: ChainHead, record: AuditRecord): string {
  const { id, at, actor, action, target, before, after, ip, trace_id } = record;
  const covered = { id, at, actor, action, target, before, after, ip, trace_id };
  return head.hash + canonicalJson(covered);
}

export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = value as Record<string, unknown>;
  const names = Object.keys(members).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(members[name])}`).join(',')}}`;
}
