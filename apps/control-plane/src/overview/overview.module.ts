import { Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module';
import { OverviewController } from './overview.controller';
import { Overviews } from './overviews';

@Module({ imports: [RegistryModule], controllers: [OverviewController], providers: [Overviews] })
export class OverviewModule {}
