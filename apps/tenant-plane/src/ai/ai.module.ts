import { Module } from '@nestjs/common';
import { IncidentsModule } from '../incidents/incidents.module';
import { AiAnswers } from './ai-answers';
import { AiSettings } from './ai-settings';
import { AiController } from './ai.controller';
import { ControlPlaneAi } from './control-plane-ai';
import { IncidentAnalyses } from './incident-analyses';

@Module({
  imports: [IncidentsModule],
  controllers: [AiController],
  providers: [AiAnswers, AiSettings, ControlPlaneAi, IncidentAnalyses],
})
export class AiModule {}
