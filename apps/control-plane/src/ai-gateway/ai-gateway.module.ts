import { CONFIGURED_AI_PROVIDER } from './providers';
import { Module } from '@nestjs/common';
import { FleetModule } from '../fleet/fleet.module';
import { ServiceKeysModule } from '../service-keys/service-keys.module';
import { AiGatewayController } from './ai-gateway.controller';
import { AiGateway } from './ai-gateway';

@Module({
  imports: [FleetModule, ServiceKeysModule],
  controllers: [AiGatewayController],
  providers: [CONFIGURED_AI_PROVIDER, AiGateway],
})
export class AiGatewayModule {}
