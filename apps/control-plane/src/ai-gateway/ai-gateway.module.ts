import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module';
import { AuditModule } from '../audit/audit.module';
import { FleetModule } from '../fleet/fleet.module';
import { ServiceKeysModule } from '../service-keys/service-keys.module';
import { Admission } from './admission';
import { AiGateway } from './ai-gateway';
import { AiGatewayController } from './ai-gateway.controller';
import { AiMetrics } from './ai-metrics';
import { AiCalls } from './calls/ai-calls';
import { Candidates } from './calls/candidates';
import { ProviderConnections } from './calls/provider-connections';
import { ProviderGates } from './calls/provider-gates';
import { TenantShares } from './calls/tenant-shares';
import { AiCredits } from './credits/ai-credits';
import { AiUsageController } from './credits/ai-usage.controller';
import { AiProviders } from './providers/ai-providers';
import { AiProvidersController } from './providers/ai-providers.controller';

@Module({
  imports: [AccountsModule, AuditModule, FleetModule, ServiceKeysModule],
  controllers: [AiGatewayController, AiProvidersController, AiUsageController],
  providers: [
    Admission,
    AiCalls,
    AiCredits,
    AiGateway,
    AiMetrics,
    AiProviders,
    Candidates,
    ProviderConnections,
    ProviderGates,
    TenantShares,
  ],
  exports: [AiCredits],
})
export class AiGatewayModule {}
