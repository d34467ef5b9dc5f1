import { StepFailure } from '@atlas/jobs';
import { type TenantPlane } from '../registry/tenant-plane.entity';

/** `why` says what prevents the plane from importing the rows. */
export function cannotTakeRows({ name }: TenantPlane, why: string): StepFailure {
  const fix = `Whoever runs ${name}: upgrade the plane. Operator: then retry the job, or roll it back.`;
  return new StepFailure('operator', 'target_plane_older', why, fix);
}
