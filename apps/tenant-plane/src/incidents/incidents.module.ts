import { Module } from '@nestjs/common';
import { IncidentsController } from './incidents.controller';
import { Incidents } from './incidents';

@Module({ controllers: [IncidentsController], providers: [Incidents], exports: [Incidents] })
export class IncidentsModule {}
