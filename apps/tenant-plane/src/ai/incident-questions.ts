import { together } from '@atlas/persistence';
import { type ChatMessage } from '@atlas/plane-contract';
import { type AiFeature } from '@atlas/tenant-api/ai';
import { Injectable } from '@nestjs/common';
import { UserWrites } from '../access/user-writes';
import { type SignedInUser } from '../credentials/signed-in-user';
import { Ai } from './ai';
import { type AiQuestion, type AiText } from './ai-question';
import { AiSettings } from './ai-settings';
import { aiUnavailable } from './ai.errors';
import { type AnswerPiece, answerPieces } from './answer-pieces';
import { type ToldFacts, factsMessage, redactionOf } from './facts-message';
import { IncidentFacts } from './incident-facts';
import { type Redaction } from './redaction';

export interface Asked {
  readonly by: SignedInUser;
  readonly incidentId: string;
}

/** What is asked about incidents, and what is made of the answers. */
export interface AiTask<T> {
  readonly feature: AiFeature;
  prompt(facts: ChatMessage): ChatMessage[];
  /** Reads an answer. Throws `ai_answer_unreadable`. */
  read(answer: AiText, told: ToldFacts, redaction: Redaction): T;
  /** Records that there was an answer. Runs in the transaction that proves that it is still allowed. */
  record(tenantId: string, asked: Asked, answer: AiText): Promise<void>;
}

interface Prepared<T> {
  readonly question: AiQuestion;
  readonly redaction: Redaction;
  /** Reads and records the answer. */
  readonly finish: (answer: AiText) => Promise<T>;
}

/** Asks an AI about incidents. Keeps no transaction open while the AI answers. */
@Injectable()
export class IncidentQuestions {
  constructor(
    private readonly facts: IncidentFacts,
    private readonly settings: AiSettings,
    private readonly ai: Ai,
    private readonly writes: UserWrites,
  ) {}

  async ask<T>(tenantId: string, task: AiTask<T>, asked: Asked, ended: AbortSignal): Promise<T> {
    const { question, finish } = await this.prepared(tenantId, task, asked);
    return finish(await this.ai.ask(question, ended));
  }

  async stream<T>(
    tenantId: string,
    task: AiTask<T>,
    asked: Asked,
    ended: AbortSignal,
  ): Promise<AsyncIterable<AnswerPiece<T>>> {
    const { question, redaction, finish } = await this.prepared(tenantId, task, asked);
    return answerPieces(await this.ai.stream(question, ended), redaction, finish);
  }

  /**
   * Nothing leaves the plane unless the feature is allowed. The permission is checked again just before the
   * question is sent.
   */
  private async prepared<T>(tenantId: string, task: AiTask<T>, asked: Asked): Promise<Prepared<T>> {
    const facts = await this.facts.of(tenantId, asked.by, asked.incidentId);
    const word = await this.settings.requireAllowed(tenantId, task.feature);
    const requireAllowed = async (): Promise<void> =>
      void (await this.settings.requireAllowed(tenantId, task.feature));
    const redaction = redactionOf(facts);
    const told = factsMessage(facts, redaction);
    const messages = task.prompt(told.message);
    return {
      question: { tenantId, messages, isAllowedByAdmin: word === true, requireAllowed },
      redaction,
      finish: async (answer) => {
        if (answer.text.trim() === '') throw aiUnavailable("the AI's answer was empty");
        const found = task.read(answer, told, redaction);
        // An admin may have withdrawn permission while the AI was answering.
        await this.writes.by(tenantId, asked.by, () =>
          together([requireAllowed(), task.record(tenantId, asked, answer)]),
        );
        return found;
      },
    };
  }
}
