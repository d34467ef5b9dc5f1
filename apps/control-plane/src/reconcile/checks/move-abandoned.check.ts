import { Injectable } from '@nestjs/common';
import { isStopped } from '../subjects/jobs-of';
import { type TenantSubject, TenantSubjects } from '../subjects/tenant-subjects';
import { DriftCheck } from './drift-check';

/** It is between two places, and no job is there that would go on or back. */
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
      ? 'Retry its last move (atlas retry <job>), or roll that back (atlas rollback <job>) to leave it ' +
        'where it is.'
      : `Move it (atlas move ${tenant.slug}); to leave it where it is, roll that job back.`;
    return `Tenant ${tenant.slug} ${where}, and no job moves it. ${what}`;
  }
}
