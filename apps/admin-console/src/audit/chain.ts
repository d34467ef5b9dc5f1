import {
  CHAIN_START,
  type ChainHead,
  type SealedAuditRecord,
  hashedBehind,
} from '@atlas/platform/audit-record';
import { bodyOf } from '@atlas/web';
import { api } from '../api';

const PAGE = 200;

export interface Reading {
  readonly signal: AbortSignal;
  /** How many entries have been read. */
  readonly onProgress: (count: number) => void;
}

export interface Checked {
  readonly count: number;
  readonly head: ChainHead;
}

interface ChainPage {
  readonly items: readonly SealedAuditRecord[];
  readonly next_cursor: string | null;
}

/** The trail is not as it was sealed. The message says where. */
export class BrokenChain extends Error {}

/** Only pages from https or from this computer may hash. */
export function canHash(): boolean {
  return isSecureContext;
}

/** The last line of an earlier check, or null if the text has another form. */
export function headIn(text: string): ChainHead | null {
  const [, position, hash] = /^([1-9]\d{0,9}):([0-9a-f]{64})$/.exec(text.trim()) ?? [];
  return position !== undefined && hash !== undefined ? { position: Number(position), hash } : null;
}

/** The entries behind this position, oldest first, page by page. */
export async function* chainFrom(
  position: number,
  { signal }: Reading,
): AsyncGenerator<readonly SealedAuditRecord[]> {
  for (let cursor: number | null = position; cursor !== null;) {
    const { items, next_cursor } = await pageAt(cursor, signal);
    yield items;
    cursor = next_cursor === null ? null : Number(next_cursor);
  }
}

function pageAt(cursor: number, signal: AbortSignal): Promise<ChainPage> {
  return bodyOf(api.GET('/api/audit/chain', { params: { query: { limit: PAGE, cursor } }, signal }));
}

/**
 * Recomputes the chain here, because a check must not trust the server. Begins with the entry `since`, which
 * must still have its hash. Throws {@link BrokenChain} at the first fault.
 */
export async function checkChain(since: ChainHead | null, reading: Reading): Promise<Checked> {
  let head = since ?? CHAIN_START;
  let isFound = since === null;
  let count = 0;
  for await (const page of chainFrom(since === null ? 0 : since.position - 1, reading)) {
    for (const record of page) {
      if (isFound) await requireBehind(head, record);
      else requireSame(head, record);
      isFound = true;
      head = { position: record.position, hash: record.hash };
      count += 1;
    }
    reading.onProgress(count);
  }
  if (!isFound) throw new BrokenChain(`The trail is cut off before entry ${head.position}.`);
  return { count, head };
}

async function requireBehind(head: ChainHead, record: SealedAuditRecord): Promise<void> {
  const position = head.position + 1;
  if (record.position !== position)
    throw new BrokenChain(`Entry ${position} is missing: entry ${record.position} follows ${head.position}.`);
  if (record.hash !== (await sha256(hashedBehind(head, record))))
    throw new BrokenChain(`Entry ${position} (${record.action}) does not match its seal.`);
}

function requireSame({ position, hash }: ChainHead, record: SealedAuditRecord): void {
  if (record.position === position && record.hash === hash) return;
  throw new BrokenChain(
    `Entry ${position} does not have the hash of the earlier check. ` +
      'The trail was rebuilt, or the line is of another trail.',
  );
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
