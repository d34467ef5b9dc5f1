import { Injectable } from '@nestjs/common';
import { type PoolCounts, nextAttemptAt, readyOf } from '../../operations/warm-pool/pool-counts';
import { type PoolSubject, PoolSubjects } from '../subjects/pool-subjects';
import { DriftCheck } from './drift-check';

/**
 * The warm pool has fewer planes than wanted, and is not simply being refilled: a plane could not be prepared
 * or removed. Tenants are still provisioned, but wait for their planes.
 */
@Injectable()
export class PoolShortCheck extends DriftCheck<PoolSubject> {
  readonly kind = 'pool_short';

  constructor(readonly subjects: PoolSubjects) {
    super();
  }

  find({ counts }: PoolSubject): string | null {
    const trouble = stoppedIn(counts) ?? failedIn(counts);
    const ready = `The warm pool has ${readyOf(counts).length} of ${counts.wanted.size} planes ready.`;
    return trouble === null ? null : `${ready} ${trouble}`;
  }
}

/** The planes that wait for a person. They count as members of the pool, so nothing replaces them. */
function stoppedIn({ planes }: PoolCounts): string | null {
  const stopped = planes.flatMap(({ plane, stopped: job }) => (job ? [{ plane, job }] : []));
  const [first] = stopped;
  if (!first) return null;
  const { id, error, operation } = first.job;
  const others = stopped.length > 1 ? ` The same goes for ${stopped.length - 1} more.` : '';
  const how = operation === 'warm' ? `roll the job back: atlas rollback ${id}` : `atlas retry ${id}`;
  return (
    `Tenant plane ${first.plane.name} stays in it until its job goes on: ` +
    `${error?.detail ?? 'the job was cancelled.'} Fix the cause, then ${how}.${others}`
  );
}

function failedIn(counts: PoolCounts): string | null {
  const next = nextAttemptAt(counts);
  const [last] = counts.ended;
  if (next === null || !last || readyOf(counts).length >= counts.wanted.size) return null;
  return (
    `The last plane could not be prepared (job ${last.id}): ${last.error?.detail ?? 'it was cancelled.'} ` +
    `Fix the cause. The next attempt begins after ${next.toISOString()}.`
  );
}
