import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { MailModule } from '../mail/mail.module';
import { ProvisionModule } from '../operations/provision/provision.module';
import { TenantsModule } from '../tenants/tenants.module';
import { SignUpsController } from './sign-ups.controller';
import { SignupController } from './signup.controller';
import { SignupCookie } from './signup-cookie';
import { Signups } from './signups';
import { WelcomeLinks } from './welcome-links';

@Module({
  imports: [AuditModule, MailModule, ProvisionModule, TenantsModule],
  controllers: [SignupController, SignUpsController],
  providers: [SignupCookie, Signups, WelcomeLinks],
  exports: [Signups],
})
export class SignupModule {}
