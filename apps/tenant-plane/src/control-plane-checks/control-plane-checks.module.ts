import { Module } from '@nestjs/common';
import { EgressModule } from '../egress/egress.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { ControlPlaneChecks } from './control-plane-checks';
import { ControlPlaneChecksController } from './control-plane-checks.controller';

/** Diagnoses the link to the Control Plane. */
@Module({
  imports: [EgressModule, PlaneIdentityModule],
  controllers: [ControlPlaneChecksController],
  providers: [ControlPlaneChecks],
})
export class ControlPlaneChecksModule {}
