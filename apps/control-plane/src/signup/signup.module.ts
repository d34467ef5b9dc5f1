import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { MailModule } from '../mail/mail.module';
import { ProvisionModule } from '../operations/provision/provision.module';
import { SignupController } from './signup.controller';
import { Signups } from './signups';

@Module({
  imports: [AuditModule, MailModule, ProvisionModule],
  controllers: [SignupController],
  providers: [Signups],
  exports: [Signups],
})
export class SignupModule {}
