import { Module } from '@nestjs/common';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { ControlPlaneChecks } from './control-plane-checks';
import { ControlPlaneChecksController } from './control-plane-checks.controller';

/** Diagnoses the link to the Control Plane. */
@Module({
  imports: [PlaneIdentityModule],
  controllers: [ControlPlaneChecksController],
  providers: [ControlPlaneChecks],
})
export class ControlPlaneChecksModule {}
