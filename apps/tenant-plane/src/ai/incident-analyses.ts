import { type ChatMessage } from '@atlas/plane-contract';
import { type AnalysisView } from '@atlas/tenant-api/ai';
import { Injectable } from '@nestjs/common';
import { AiAnswers } from './ai-answers';
import { type AiText } from './ai-question';
import { analysisPrompt } from './analysis-prompt';
import { type ToldFacts } from './facts-message';
import { foundAnalysis } from './hypotheses';
import { type AiTask, type Asked } from './incident-questions';
import { type Redaction } from './redaction';

/** Lets an AI analyse incidents. */
@Injectable()
export class IncidentAnalyses implements AiTask<AnalysisView> {
  readonly feature = 'analysis';

  constructor(private readonly answers: AiAnswers) {}

  prompt(facts: ChatMessage): ChatMessage[] {
    return analysisPrompt(facts);
  }

  read({ text, model, source }: AiText, told: ToldFacts, redaction: Redaction): AnalysisView {
    return { ...foundAnalysis(text, told.citable, redaction), model, source };
  }

  record(tenantId: string, { by, incidentId }: Asked, { model, source }: AiText): Promise<void> {
    return this.answers.record(tenantId, { askedBy: by.id, incidentId, model, source });
  }
}
