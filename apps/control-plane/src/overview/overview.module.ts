import { Module } from '@nestjs/common';
import { WarmPoolModule } from '../operations/warm-pool/warm-pool.module';
import { RegistryModule } from '../registry/registry.module';
import { OverviewController } from './overview.controller';
import { Overviews } from './overviews';

@Module({
  imports: [RegistryModule, WarmPoolModule],
  controllers: [OverviewController],
  providers: [Overviews],
})
export class OverviewModule {}
