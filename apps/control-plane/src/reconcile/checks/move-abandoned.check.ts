import { Injectable } from '@nestjs/common';
import { isStopped } from '../subjects/jobs-of';
import { type TenantSubject, TenantSubjects } from '../subjects/tenant-subjects';
import { DriftCheck } from './drift-check';

/** A tenant's move is unfinished, but no job is completing it or rolling it back. */
@Injectable()
export class MoveAbandonedCheck extends DriftCheck<TenantSubject> {
  readonly kind = 'move_abandoned';

  constructor(readonly subjects: TenantSubjects) {
    super();
  }

  find({ tenant, isLive, home, places, newestJob }: TenantSubject): string | null {
    if (!isLive || !home || isStopped(newestJob)) return null;
    const others = places.filter((place) => place !== home).map(({ plane }) => plane.name);
    if (home.placement.phase === 'serving' && others.length === 0) return null;
    const isBetween = others.length > 0;
    const where = isBetween ? `also holds a place on ${others.join(', ')}` : 'refuses writes at its home';
    const what = isBetween
      ? 'Retry its last move (atlas retry <job>), or roll it back to leave the tenant where it is ' +
        '(atlas rollback <job>).'
      : `Move it (atlas move ${tenant.slug}). To leave it where it is, roll back the job of that move.`;
    return `Tenant ${tenant.slug} ${where}, but no job is moving it. ${what}`;
  }
}
