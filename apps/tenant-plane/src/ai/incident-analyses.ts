import { type ChatMessage } from '@atlas/plane-contract';
import { type AnalysisView } from '@atlas/tenant-api/ai';
import { Injectable } from '@nestjs/common';
import { AiAnswers } from './ai-answers';
import { type AiText } from './ai-question';
import { analysisPrompt } from './analysis-prompt';
import { foundAnalysis } from './hypotheses';
import { type Facts } from './incident-facts';
import { type AiTask, type Asked } from './incident-questions';
import { type Redaction } from './redaction';

/** Lets an AI analyse incidents. */
@Injectable()
export class IncidentAnalyses implements AiTask<AnalysisView> {
  readonly feature = 'analysis';

  constructor(private readonly answers: AiAnswers) {}

  prompt(facts: Facts, redaction: Redaction): ChatMessage[] {
    return analysisPrompt(facts, redaction);
  }

  read({ text, model, source }: AiText, facts: Facts, redaction: Redaction): AnalysisView {
    return { ...foundAnalysis(text, facts, redaction), model, source };
  }

  record(tenantId: string, { by, incidentId }: Asked, { model, source }: AiText): Promise<void> {
    return this.answers.record(tenantId, { askedBy: by.id, incidentId, model, source });
  }
}
