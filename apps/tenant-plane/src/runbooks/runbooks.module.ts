import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { IdempotencyModule } from '../idempotency/idempotency.module';
import { EgressModule } from '../egress/egress.module';
import { TenantSecretsModule } from '../tenant-secrets/tenant-secrets.module';
import { RunbookCredentials } from './runbook-credentials';
import { Runbooks } from './runbooks';
import { RunbooksController } from './runbooks.controller';
import { StepAddresses } from './step-addresses';

@Module({
  imports: [AccessModule, AuditModule, IdempotencyModule, EgressModule, TenantSecretsModule],
  controllers: [RunbooksController],
  providers: [RunbookCredentials, Runbooks, StepAddresses],
  exports: [RunbookCredentials],
})
export class RunbooksModule {}
