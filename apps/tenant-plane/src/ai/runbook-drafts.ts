import { type ChatMessage } from '@atlas/plane-contract';
import { type RunbookDto } from '@atlas/tenant-api/runbooks';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { checkedDefinition } from '../runbooks/runbook-definition';
import { AiAnswers } from './ai-answers';
import { type AiText } from './ai-question';
import { aiAnswerUnreadable } from './ai.errors';
import { draftedRunbook } from './drafted-runbook';
import { type ToldFacts } from './facts-message';
import { type AiTask, type Asked } from './incident-questions';
import { type Redaction } from './redaction';
import { runbookPrompt } from './runbook-prompt';
import { structuredAnswer } from './structured-answer';

/** Lets an AI draft runbooks. A draft is not stored, so that somebody reads it before it can run. */
@Injectable()
export class RunbookDrafts implements AiTask<RunbookDto> {
  readonly feature = 'runbook_draft';

  constructor(private readonly answers: AiAnswers) {}

  prompt(facts: ChatMessage): ChatMessage[] {
    return runbookPrompt(facts);
  }

  /**
   * A draft passes the checks of a runbook that a user stores, except that no address is looked up: asking
   * for a name tells it to a server that the AI may have chosen.
   */
  read({ text }: AiText, _: ToldFacts, redaction: Redaction): RunbookDto {
    const draft = draftedRunbook(redaction.restoreIn(structuredAnswer(text).json));
    try {
      checkedDefinition(draft);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      // Its message would quote the answer.
      throw aiAnswerUnreadable(`the runbook is not valid (${error.code})`);
    }
    return draft;
  }

  record(tenantId: string, { incidentId }: Asked, { model, source }: AiText): Promise<void> {
    return this.answers.recordDraft(tenantId, { incidentId, model, source });
  }
}
