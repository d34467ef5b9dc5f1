import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { Onboarding } from './onboarding';
import { OnboardingController } from './onboarding.controller';

/** The checklist after sign-in. */
@Module({
  imports: [AccessModule, AuditModule, PlaneIdentityModule],
  controllers: [OnboardingController],
  providers: [Onboarding],
})
export class OnboardingModule {}
