import { Module } from '@nestjs/common';
import { RoutingController } from './routing.controller';
import { Routes } from './routes';

@Module({
  controllers: [RoutingController],
  providers: [Routes],
  exports: [Routes],
})
export class RoutingModule {}
