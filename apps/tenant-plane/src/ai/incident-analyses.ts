import { together } from '@atlas/persistence';
import { type AnalysisView } from '@atlas/tenant-api/ai';
import { Injectable } from '@nestjs/common';
import { UserWrites } from '../access/user-writes';
import { type SignedInUser } from '../credentials/signed-in-user';
import { Ai } from './ai';
import { AiAnswers } from './ai-answers';
import { type AiQuestion, type AiText } from './ai-question';
import { AiSettings } from './ai-settings';
import { aiUnavailable } from './ai.errors';
import { analysisPrompt } from './analysis-prompt';
import { type AnswerPiece, answerPieces } from './answer-pieces';
import { redactionOf } from './facts-message';
import { foundAnalysis } from './hypotheses';
import { type Facts, IncidentFacts } from './incident-facts';
import { type Redaction } from './redaction';

interface Asked {
  readonly by: SignedInUser;
  readonly incidentId: string;
}

interface Prepared {
  readonly question: AiQuestion;
  readonly redaction: Redaction;
  /** Reads and records the answer. */
  readonly finish: (answer: AiText) => Promise<AnalysisView>;
}

/** Lets an AI analyse incidents. */
@Injectable()
export class IncidentAnalyses {
  constructor(
    private readonly facts: IncidentFacts,
    private readonly settings: AiSettings,
    private readonly ai: Ai,
    private readonly answers: AiAnswers,
    private readonly writes: UserWrites,
  ) {}

  /** Keeps no transaction open while the AI answers. */
  async analyse(tenantId: string, asked: Asked, ended: AbortSignal): Promise<AnalysisView> {
    const { question, finish } = await this.prepared(tenantId, asked);
    return finish(await this.ai.ask(question, ended));
  }

  async stream(
    tenantId: string,
    asked: Asked,
    ended: AbortSignal,
  ): Promise<AsyncIterable<AnswerPiece<AnalysisView>>> {
    const { question, redaction, finish } = await this.prepared(tenantId, asked);
    return answerPieces(await this.ai.stream(question, ended), redaction, finish);
  }

  /**
   * Nothing leaves the plane unless AI is allowed. The permission is checked again just before the question
   * is sent.
   */
  private async prepared(tenantId: string, asked: Asked): Promise<Prepared> {
    const facts = await this.facts.of(tenantId, asked.by, asked.incidentId);
    const word = await this.settings.requireAllowed(tenantId, 'analysis');
    const requireAllowed = async (): Promise<void> =>
      void (await this.settings.requireAllowed(tenantId, 'analysis'));
    const redaction = redactionOf(facts);
    const messages = analysisPrompt(facts, redaction);
    return {
      question: { tenantId, messages, isAllowedByAdmin: word === true, requireAllowed },
      redaction,
      finish: (answer) => this.recorded(tenantId, asked, answer, { facts, redaction }),
    };
  }

  /** An admin may have withdrawn permission while the AI was answering. */
  private async recorded(
    tenantId: string,
    { by, incidentId }: Asked,
    { text, model, source }: AiText,
    { facts, redaction }: { readonly facts: Facts; readonly redaction: Redaction },
  ): Promise<AnalysisView> {
    if (text.trim() === '') throw aiUnavailable("the AI's answer was empty");
    const found = foundAnalysis(text, facts, redaction);
    const answer = { askedBy: by.id, incidentId, model, source } as const;
    await this.writes.by(tenantId, by, () =>
      together([this.settings.requireAllowed(tenantId, 'analysis'), this.answers.record(tenantId, answer)]),
    );
    return { ...found, model, source };
  }
}
