import { type InstallBundle } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { ProvisioningTokens } from '../enrolment/provisioning-tokens';
import { JobControl } from '../lifecycle/job-control';
import { AWAIT_REENROLMENT } from '../operations/rotate-secret/await-reenrolment.step';
import { ProvisioningWaker } from '../provisioning-jobs/provisioning-waker';

/** Issues provisioning tokens for any tenant plane, shared or single-tenant. */
@Injectable()
export class PlaneTokens {
  constructor(
    private readonly database: Database,
    private readonly tokens: ProvisioningTokens,
    private readonly jobs: JobControl,
    private readonly waker: ProvisioningWaker,
  ) {}

  /**
   * Issues a token and secret for a plane that has yet to enrol or re-enrol.
   * Resumes a secret rotation that timed out waiting for the re-enrolment.
   */
  issue(id: string, ttlSeconds?: number): Promise<InstallBundle> {
    return this.database.write(async (manager) => {
      const install = await this.tokens.issue(manager, { id }, ttlSeconds);
      await this.jobs.resumeAt(manager, { tenantPlaneId: id }, AWAIT_REENROLMENT);
      await this.waker.wakeForPlanes(manager, [id]);
      return install;
    });
  }
}
