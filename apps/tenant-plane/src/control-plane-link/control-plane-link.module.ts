import { Module } from '@nestjs/common';
import { ControlPlaneClientModule } from '../control-plane-client/control-plane-client.module';
import { CredentialsModule } from '../credentials/credentials.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { PortabilityModule } from '../portability/portability.module';
import { ReportingModule } from '../reporting/reporting.module';
import { TenancyModule } from '../tenancy/tenancy.module';
import { ControlPlaneLink } from './control-plane-link';
import { DesiredStateApplier } from './desired-state-applier';
import { Enrolment } from './enrolment';

/** Pulls the desired state from the Control Plane, and applies it. */
@Module({
  imports: [
    ControlPlaneClientModule,
    CredentialsModule,
    PlaneIdentityModule,
    PortabilityModule,
    ReportingModule,
    TenancyModule,
  ],
  providers: [ControlPlaneLink, DesiredStateApplier, Enrolment],
  exports: [ControlPlaneLink],
})
export class ControlPlaneLinkModule {}
