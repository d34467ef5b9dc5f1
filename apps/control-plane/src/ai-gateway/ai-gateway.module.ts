import { Module } from '@nestjs/common';
import { FleetModule } from '../fleet/fleet.module';
import { ServiceKeysModule } from '../service-keys/service-keys.module';
import { AiGateway } from './ai-gateway';
import { AiGatewayController } from './ai-gateway.controller';
import { CONFIGURED_AI_PROVIDER } from './providers';

@Module({
  imports: [FleetModule, ServiceKeysModule],
  controllers: [AiGatewayController],
  providers: [CONFIGURED_AI_PROVIDER, AiGateway],
})
export class AiGatewayModule {}
