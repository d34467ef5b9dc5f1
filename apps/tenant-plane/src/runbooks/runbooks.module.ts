import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { IdempotencyModule } from '../idempotency/idempotency.module';
import { OutboundModule } from '../outbound/outbound.module';
import { Runbooks } from './runbooks';
import { RunbooksController } from './runbooks.controller';
import { StepAddresses } from './step-addresses';

@Module({
  imports: [AccessModule, AuditModule, IdempotencyModule, OutboundModule],
  controllers: [RunbooksController],
  providers: [Runbooks, StepAddresses],
})
export class RunbooksModule {}
