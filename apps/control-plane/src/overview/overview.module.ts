import { Module } from '@nestjs/common';
import { OverviewController } from './overview.controller';
import { Overviews } from './overviews';

@Module({ controllers: [OverviewController], providers: [Overviews] })
export class OverviewModule {}
