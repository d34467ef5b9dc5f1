import { Module } from '@nestjs/common';
import { EgressModule } from '../egress/egress.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { ControlPlaneClient } from './control-plane-client';
import { ServiceSecrets } from './service-secrets';

/** Makes signed calls to the Control Plane, and explains its refusals. */
@Module({
  imports: [EgressModule, PlaneIdentityModule],
  providers: [ControlPlaneClient, ServiceSecrets],
  exports: [ControlPlaneClient, ServiceSecrets],
})
export class ControlPlaneClientModule {}
