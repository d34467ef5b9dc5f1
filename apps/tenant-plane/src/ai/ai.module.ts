import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { ControlPlaneClientModule } from '../control-plane-client/control-plane-client.module';
import { CredentialsModule } from '../credentials/credentials.module';
import { IncidentsModule } from '../incidents/incidents.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { EgressModule } from '../egress/egress.module';
import { TenantSecretsModule } from '../tenant-secrets/tenant-secrets.module';
import { Ai } from './ai';
import { AiAnswers } from './ai-answers';
import { AiEndpoints } from './ai-endpoints';
import { AiSettings } from './ai-settings';
import { AiController } from './ai.controller';
import { ControlPlaneAi } from './control-plane-ai';
import { IncidentAnalyses } from './incident-analyses';
import { IncidentFacts } from './incident-facts';
import { IncidentQuestions } from './incident-questions';
import { OwnEndpointAi } from './own-endpoint-ai';
import { RunbookDrafts } from './runbook-drafts';

/** Lets an AI analyse incidents. */
@Module({
  imports: [
    AccessModule,
    AuditModule,
    ControlPlaneClientModule,
    CredentialsModule,
    EgressModule,
    IncidentsModule,
    PlaneIdentityModule,
    TenantSecretsModule,
  ],
  controllers: [AiController],
  providers: [
    Ai,
    AiAnswers,
    AiEndpoints,
    AiSettings,
    ControlPlaneAi,
    IncidentAnalyses,
    IncidentFacts,
    IncidentQuestions,
    OwnEndpointAi,
    RunbookDrafts,
  ],
  exports: [AiEndpoints],
})
export class AiModule {}
