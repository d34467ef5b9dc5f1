import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { IdempotencyModule } from '../idempotency/idempotency.module';
import { Runbooks } from './runbooks';
import { RunbooksController } from './runbooks.controller';

@Module({
  imports: [AccessModule, AuditModule, IdempotencyModule],
  controllers: [RunbooksController],
  providers: [Runbooks],
})
export class RunbooksModule {}
