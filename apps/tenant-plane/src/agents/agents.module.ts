import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { AutomationModule } from '../automation/automation.module';
import { EntitlementsModule } from '../entitlements/entitlements.module';
import { IdempotencyModule } from '../idempotency/idempotency.module';
import { AgentCalls } from './agent-calls';
import { AgentCallsController } from './agent-calls.controller';
import { Agents } from './agents';
import { AgentsController } from './agents.controller';

@Module({
  imports: [AccessModule, AuditModule, AutomationModule, EntitlementsModule, IdempotencyModule],
  controllers: [AgentCallsController, AgentsController],
  providers: [AgentCalls, Agents],
})
export class AgentsModule {}
