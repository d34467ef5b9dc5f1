import { Module } from '@nestjs/common';
import { Routes } from './routes';
import { RoutingController } from './routing.controller';

@Module({
  controllers: [RoutingController],
  providers: [Routes],
  exports: [Routes],
})
export class RoutingModule {}
