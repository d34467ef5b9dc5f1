import { type TenantScope } from '@atlas/persistence';
import { type SecretMask } from '../tenant-secrets/secret-mask';
import { tailOf } from './output';
import { StepOutput } from './step-output.entity';

/** Adds to the stored end of a step's output. Masks all of it again, because a secret may arrive in parts. */
export async function addToTail(
  scope: TenantScope,
  stepId: string,
  news: string,
  mask: SecretMask,
): Promise<void> {
  const before = await scope.findOne(StepOutput, { stepId });
  await scope.put(StepOutput, [{ stepId, tail: tailOf(mask.over(`${before?.tail ?? ''}${news}`)) }]);
}
