import { createHash } from 'node:crypto';
import { type EgressCall } from './egress-call.entity';

const HOUR_MS = 3_600_000;

/** A call that has left, or was refused. `tenantId` is null if the call concerns the plane. */
export interface NotedCall extends Pick<
  EgressCall,
  'class' | 'destination' | 'fields' | 'bytes' | 'refused'
> {
  readonly tenantId: string | null;
  readonly at: Date;
}

/** Calls that share a row of the ledger. */
export interface CallSum extends Omit<EgressCall, 'tenantId'> {
  readonly tenantId: string | null;
}

export function sumOf({ at, ...call }: NotedCall): CallSum {
  const fields = [...new Set(call.fields)].sort();
  return { ...call, fields, id: idOf({ ...call, fields, at }), count: 1, firstAt: at, lastAt: at };
}

export function joined(earlier: CallSum, later: CallSum): CallSum {
  const { count, bytes, firstAt, lastAt } = later;
  return {
    ...earlier,
    count: earlier.count + count,
    bytes: earlier.bytes + bytes,
    firstAt: firstAt < earlier.firstAt ? firstAt : earlier.firstAt,
    lastAt: lastAt > earlier.lastAt ? lastAt : earlier.lastAt,
  };
}

/**
 * A UUID of version 8 (RFC 9562, section 5.8): the hour in milliseconds in the first 48 bits, as in version
 * 7, and a hash of what the calls have in common in the rest.
 */
function idOf({ tenantId, class: name, destination, fields, refused, at }: NotedCall): string {
  const shared = JSON.stringify([tenantId, name, destination, fields, refused]);
  const hash = createHash('sha256').update(shared).digest();
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(hourOf(at), 0, 6);
  hash.copy(bytes, 6, 0, 10);
  bytes[6] = 0x80 | ((hash[0] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((hash[2] ?? 0) & 0x3f);
  return textOf(bytes);
}

/** Sorts before the IDs of all calls since the beginning of this hour, and after those of earlier hours. */
export function idBefore(at: Date): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(hourOf(at), 0, 6);
  return textOf(bytes);
}

function hourOf(at: Date): number {
  return Math.floor(at.getTime() / HOUR_MS) * HOUR_MS;
}

function textOf(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
