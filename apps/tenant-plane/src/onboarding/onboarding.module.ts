import { Module } from '@nestjs/common';
import { OnboardingController } from './onboarding.controller';
import { Onboarding } from './onboarding';

@Module({ controllers: [OnboardingController], providers: [Onboarding] })
export class OnboardingModule {}
