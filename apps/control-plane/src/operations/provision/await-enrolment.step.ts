import { StepFailure, type StepResult, done, wait } from '@atlas/jobs';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { arrivalOf } from '../../enrolment/arrival';
import { type ProvisioningToken } from '../../enrolment/provisioning-token.entity';
import { ProvisioningTokens } from '../../enrolment/provisioning-tokens';
import { SingleTenantPlanes } from '../../enrolment/single-tenant-planes';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { lockPlane } from '../../registry/plane-lock';
import { Tenant } from '../../registry/tenant.entity';
import { lockTenant } from '../../tenants/tenants';
import { HAND_WORK_MS } from './create-infrastructure.step';

export const AWAIT_ENROLMENT = 'await-enrolment';

const BUNDLE_OF_A_PERSON = 'a person to issue an install bundle (POST /api/tenants/<id>/provisioning-tokens)';

/** Waits until the tenant's own plane has enrolled, or until its provisioning token expires. */
@Injectable()
export class AwaitEnrolmentStep extends ProvisioningStep {
  readonly name = AWAIT_ENROLMENT;
  readonly description = 'Wait for the tenant plane to enrol with its provisioning token';
  readonly creates = ['enrolment'];

  constructor(
    private readonly planes: SingleTenantPlanes,
    private readonly tokens: ProvisioningTokens,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const { manager, tenantId } = context;
    const tenant = await lockTenant(manager, tenantId);
    const { phase } = arrivalOf(context, tenant);
    const expected = await this.planes.find(manager, tenantId, phase);
    if (!expected) throw new StepFailure('fatal', 'no_tenant_plane', 'The tenant has no tenant plane.');
    // Read this before the token. If the first token is issued in between, it wakes the job.
    const wasIssued = await this.tokens.wasIssued(manager, expected.id);
    const token = await this.tokens.findLive(manager, expected.id);
    // Read the plane after the token. If the token was used in between, the plane is enrolled by
    // now. The lock keeps the plane's address from changing before it is copied to the tenant.
    const plane = await lockPlane(manager, expected.id);
    if (plane.status !== 'enrolled' && !wasIssued)
      return wait(BUNDLE_OF_A_PERSON, new Date(context.startedAt.getTime() + HAND_WORK_MS));
    if (plane.status !== 'enrolled') return this.waitFor(token);
    const { endpointUrl } = plane;
    // Users reach a customer-run plane at the address with which it enrolled.
    if (phase === 'serving')
      await manager.update(Tenant, { id: tenantId }, { endpointUrl, url: tenant.url ?? endpointUrl });
    return done({ tenant_plane_id: plane.id, version: plane.version });
  }

  async undo(): Promise<void> {
    // Nothing to undo here. Undoing the registration revokes trust in the plane.
  }

  private waitFor(token: ProvisioningToken | null): StepResult {
    const until = token?.expiresAt;
    if (until && until > this.clock.now()) return wait('the enrolment of the tenant plane', until);
    const what = until ? 'The provisioning token expired' : 'There is no live provisioning token';
    const fix =
      'Operator: issue a new token (POST /api/tenants/<id>/provisioning-tokens) and hand its install ' +
      'bundle to whoever runs the plane. The job then resumes automatically.';
    const detail = `${what}, and the tenant plane has not enrolled.`;
    throw new StepFailure('operator', 'enrolment_overdue', detail, fix);
  }
}
