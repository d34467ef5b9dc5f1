import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { ControlPlaneClientModule } from '../control-plane-client/control-plane-client.module';
import { CredentialsModule } from '../credentials/credentials.module';
import { IncidentsModule } from '../incidents/incidents.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { AiAnswers } from './ai-answers';
import { AiSettings } from './ai-settings';
import { AiController } from './ai.controller';
import { ControlPlaneAi } from './control-plane-ai';
import { IncidentAnalyses } from './incident-analyses';
import { IncidentFacts } from './incident-facts';

/** Lets an AI analyse incidents. */
@Module({
  imports: [
    AccessModule,
    AuditModule,
    ControlPlaneClientModule,
    CredentialsModule,
    IncidentsModule,
    PlaneIdentityModule,
  ],
  controllers: [AiController],
  providers: [AiAnswers, AiSettings, ControlPlaneAi, IncidentAnalyses, IncidentFacts],
})
export class AiModule {}
