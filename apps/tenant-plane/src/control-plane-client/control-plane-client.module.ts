import { Module } from '@nestjs/common';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { ControlPlaneClient } from './control-plane-client';
import { ServiceSecrets } from './service-secrets';

/** Signed calls to the Control Plane, and what its refusals mean. */
@Module({
  imports: [PlaneIdentityModule],
  providers: [ControlPlaneClient, ServiceSecrets],
  exports: [ControlPlaneClient, ServiceSecrets],
})
export class ControlPlaneClientModule {}
