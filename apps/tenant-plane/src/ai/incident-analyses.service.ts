import { Injectable } from '@nestjs/common';
import { Incidents } from '../incidents/incidents.service';
import { type AiAnswer } from './ai-answer.entity';
import { AiAnswers } from './ai-answers.service';
import { AiSettings } from './ai-settings.service';
import { aiNotAllowed } from './ai.errors';
import { ControlPlaneAi } from './control-plane-ai';
import { analysisPrompt } from './incident-prompt';

export interface AnalysisView {
  readonly analysis: string;
  readonly model: string;
  readonly source: AiAnswer['source'];
}

/** What an AI makes of an incident. */
@Injectable()
export class IncidentAnalyses {
  constructor(
    private readonly incidents: Incidents,
    private readonly settings: AiSettings,
    private readonly ai: ControlPlaneAi,
    private readonly answers: AiAnswers,
  ) {}

  /** No transaction is open while the AI thinks. */
  async analyse(tenantId: string, askedBy: string, incidentId: string): Promise<AnalysisView> {
    const incident = await this.incidents.get(tenantId, incidentId);
    const word = await this.settings.adminsWord(tenantId);
    if (!this.settings.isAllowed(word)) throw aiNotAllowed();
    const question = { tenantId, messages: analysisPrompt(incident), isAllowedByAdmin: word === true };
    const { text: analysis, model } = await this.ai.ask(question);
    await this.answers.record(tenantId, { incidentId, askedBy, model, source: 'control_plane' });
    return { analysis, model, source: 'control_plane' };
  }
}
