import { together } from '@atlas/persistence';
import { type AnalysisView } from '@atlas/tenant-api/ai';
import { Injectable } from '@nestjs/common';
import { UserWrites } from '../access/user-writes';
import { type SignedInUser } from '../credentials/signed-in-user';
import { Incidents } from '../incidents/incidents';
import { AiAnswers } from './ai-answers';
import { AiSettings } from './ai-settings';
import { aiUnavailable } from './ai.errors';
import { analysisPrompt } from './analysis-prompt';
import { type AiQuestion, type AiText, ControlPlaneAi } from './control-plane-ai';

/** One piece of a streamed answer or, at the end, the whole answer. */
export type AnalysisPiece = { readonly text: string } | { readonly whole: AnalysisView };

interface Asked {
  readonly by: SignedInUser;
  readonly incidentId: string;
}

/** Lets an AI analyse incidents. */
@Injectable()
export class IncidentAnalyses {
  constructor(
    private readonly incidents: Incidents,
    private readonly settings: AiSettings,
    private readonly ai: ControlPlaneAi,
    private readonly answers: AiAnswers,
    private readonly writes: UserWrites,
  ) {}

  /** Keeps no transaction open while the AI answers. */
  async analyse(tenantId: string, asked: Asked, ended: AbortSignal): Promise<AnalysisView> {
    const { text, model } = await this.ai.ask(await this.questionOn(tenantId, asked), ended);
    return this.record(tenantId, asked, { text, model });
  }

  async stream(tenantId: string, asked: Asked, ended: AbortSignal): Promise<AsyncIterable<AnalysisPiece>> {
    const pieces = await this.ai.stream(await this.questionOn(tenantId, asked), ended);
    return this.recorded(pieces, (whole) => this.record(tenantId, asked, whole));
  }

  private async *recorded(
    pieces: AsyncIterable<AiText>,
    record: (whole: AiText) => Promise<AnalysisView>,
  ): AsyncGenerator<AnalysisPiece> {
    let whole = { text: '', model: '' };
    for await (const { text, model } of pieces) {
      whole = { text: whole.text + text, model };
      yield { text };
    }
    if (whole.text.trim() === '') throw aiUnavailable("the AI's answer was empty");
    yield { whole: await record(whole) };
  }

  /**
   * Nothing leaves the plane unless AI is allowed. The permission is checked again just before the question
   * is sent.
   */
  private async questionOn(tenantId: string, { by, incidentId }: Asked): Promise<AiQuestion> {
    const incident = await this.incidents.get(tenantId, by, incidentId);
    const word = await this.settings.requireAllowed(tenantId);
    const requireAllowed = async (): Promise<void> => void (await this.settings.requireAllowed(tenantId));
    const messages = analysisPrompt(incident);
    return { tenantId, messages, isAllowedByAdmin: word === true, requireAllowed };
  }

  /** An admin may have withdrawn permission while the AI was answering. */
  private async record(tenantId: string, asked: Asked, { text, model }: AiText): Promise<AnalysisView> {
    const { by, incidentId } = asked;
    const source = 'control_plane';
    const answer = { askedBy: by.id, incidentId, model, source } as const;
    await this.writes.by(tenantId, by, () =>
      together([this.settings.requireAllowed(tenantId), this.answers.record(tenantId, answer)]),
    );
    return { analysis: text, model, source };
  }
}
