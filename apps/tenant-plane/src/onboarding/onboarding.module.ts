import { Module } from '@nestjs/common';
import { OnboardingController } from './onboarding.controller';
import { Onboarding } from './onboarding.service';

@Module({ controllers: [OnboardingController], providers: [Onboarding] })
export class OnboardingModule {}
