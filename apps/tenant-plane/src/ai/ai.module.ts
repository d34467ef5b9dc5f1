import { Module } from '@nestjs/common';
import { IncidentsModule } from '../incidents/incidents.module';
import { AiAnswers } from './ai-answers.service';
import { AiSettings } from './ai-settings.service';
import { AiController } from './ai.controller';
import { ControlPlaneAi } from './control-plane-ai';
import { IncidentAnalyses } from './incident-analyses.service';

@Module({
  imports: [IncidentsModule],
  controllers: [AiController],
  providers: [AiAnswers, AiSettings, ControlPlaneAi, IncidentAnalyses],
})
export class AiModule {}
