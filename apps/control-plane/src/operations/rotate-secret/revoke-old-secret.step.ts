import { type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { lockPlaneAndCalls } from '../../registry/plane-lock';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { ServiceKeys } from '../../service-keys/service-keys';
import { MINT_NEXT_SECRET } from './mint-next-secret.step';

@Injectable()
export class RevokeOldSecretStep extends ProvisioningStep {
  readonly name = 'revoke-old-secret';
  readonly description = 'Revoke the old secret; from now on only the new one is accepted';
  readonly creates = [];

  constructor(private readonly keys: ServiceKeys) {
    super();
  }

  async run({ manager, tenantPlaneId, outputs }: ProvisioningContext): Promise<StepResult> {
    const keyId = String(outputs[MINT_NEXT_SECRET]?.['key_id']);
    const plane = await lockPlaneAndCalls(manager, tenantPlaneId);
    // If the next key is a different one, the plane has re-enrolled in the meantime.
    if (plane.nextKeyId !== keyId) return done();
    await this.keys.revokeAllBut(manager, tenantPlaneId, keyId);
    await manager.update(TenantPlane, { id: tenantPlaneId }, { nextKeyId: null });
    return done();
  }

  async undo(): Promise<void> {
    // A revoked secret stays revoked; the plane already uses the new one.
  }
}
