import { Clock } from '@atlas/platform';
import { type NamedOutcome } from '@atlas/tenant-api/deployment';
import { Injectable } from '@nestjs/common';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { PlaneSchema } from '../database/plane-schema';
import { Egress } from '../egress/egress';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { checkScene } from './check-scene';
import { LINK_CHECKS } from './checks';
import { runChecks } from './run-checks';

/**
 * Checks the link to the Control Plane. Concurrent callers share one run, so that no user can trigger many
 * calls.
 */
@Injectable()
export class ControlPlaneChecks {
  private running: Promise<NamedOutcome[]> | null = null;

  constructor(
    private readonly config: TenantPlaneConfig,
    private readonly schema: PlaneSchema,
    private readonly identities: PlaneIdentities,
    private readonly clock: Clock,
    private readonly egress: Egress,
  ) {}

  run(): Promise<NamedOutcome[]> {
    this.running ??= this.runOnce().finally(() => (this.running = null));
    return this.running;
  }

  private runOnce(): Promise<NamedOutcome[]> {
    const scene = () =>
      checkScene(this.config, this.schema, this.clock, this.identities.current, this.egress);
    return runChecks(LINK_CHECKS, scene, this.config.isOffline);
  }
}
