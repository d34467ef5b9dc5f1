import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module';
import { AuditModule } from '../audit/audit.module';
import { DesiredStateModule } from '../desired-state/desired-state.module';
import { SigningKeysModule } from '../signing-keys/signing-keys.module';
import { DeletionCertificates } from './deletion-certificates';
import { SignupLinks } from './signup-links';
import { TenantAddresses } from './tenant-addresses';
import { Tenants } from './tenants';
import { TenantsController } from './tenants.controller';
import { WelcomeMail } from './welcome.mail';

@Module({
  imports: [AccountsModule, AuditModule, DesiredStateModule, SigningKeysModule],
  controllers: [TenantsController],
  providers: [DeletionCertificates, SignupLinks, TenantAddresses, Tenants, WelcomeMail],
  exports: [WelcomeMail, DeletionCertificates, SignupLinks, TenantAddresses, Tenants],
})
export class TenantsModule {}
