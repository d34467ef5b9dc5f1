import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { TenancyModule } from '../tenancy/tenancy.module';
import { Onboarding } from './onboarding';
import { OnboardingController } from './onboarding.controller';

/** The checklist after sign-in. */
@Module({
  imports: [AccessModule, AuditModule, PlaneIdentityModule, TenancyModule],
  controllers: [OnboardingController],
  providers: [Onboarding],
})
export class OnboardingModule {}
