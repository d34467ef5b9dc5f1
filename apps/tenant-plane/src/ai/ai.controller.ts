import { TenantDatabase } from '@atlas/persistence';
import {
  type Sent,
  AnswersWithin,
  ApiBearerAuth,
  ApiProduces,
  ApiTags,
  ExpectedVersion,
  IfMatch,
  OngoingAnswers,
  UuidPipe,
  Versioned,
  byContent,
  callerGone,
  sendEventStream,
  sendJson,
  servesOf,
} from '@atlas/platform';
import {
  type AiApi,
  ChangeAiSettingsDto,
  type AnalysisView,
  type AiSettingsView,
} from '@atlas/tenant-api/ai';
import { type RunbookDto } from '@atlas/tenant-api/runbooks';
import { Body, Controller, Headers, HttpCode, Param, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { ChangesModule, Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { type Permission } from '../credentials/permission';
import { SessionAuthentication } from '../credentials/session-authentication';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { AiSettings } from './ai-settings';
import { type AnswerPiece } from './answer-pieces';
import { IncidentAnalyses } from './incident-analyses';
import { type AiTask, type Asked, IncidentQuestions } from './incident-questions';
import { RunbookDrafts } from './runbook-drafts';

const Serves = servesOf<AiApi>();
const USE_AI: Permission = { name: 'ai:use', from: 'fulfiller' };
const DRAFT_RUNBOOKS: Permission = { name: 'ai:draft-runbooks', from: 'operator' };
const VERSION = byContent<AiSettingsView>('allow_control_plane', 'features', 'own_endpoint');
/** The Control Plane may take two minutes, and the tenant's own endpoint 100 seconds. */
const ANSWER_SECONDS = 240;
const CONFIGURE_AI: Permission = { name: 'ai:configure', from: 'admin' };

interface AskedOverHttp extends Asked {
  /** What the caller must keep until the answer has ended. */
  readonly permission: Permission;
  readonly accept: string | undefined;
}

@ApiTags('ai')
@ApiBearerAuth()
@Controller()
export class AiController {
  constructor(
    private readonly analyses: IncidentAnalyses,
    private readonly drafts: RunbookDrafts,
    private readonly questions: IncidentQuestions,
    private readonly settings: AiSettings,
    private readonly tenants: TenantDatabase,
    private readonly sessions: SessionAuthentication,
    private readonly answers: OngoingAnswers,
  ) {}

  /**
   * Responds with JSON or, given `Accept: text/event-stream`, with a stream of `delta` events, then `done` or
   * `error`.
   */
  @Requires(USE_AI)
  @ChangesModule('ai_analysis')
  @Serves('POST /api/ai/incidents/:id/analysis')
  @HttpCode(200)
  @AnswersWithin(ANSWER_SECONDS)
  @ApiProduces('application/json', 'text/event-stream')
  analyse(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() by: SignedInUser,
    @Param('id', UuidPipe) incidentId: string,
    @Headers('accept') accept: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<Sent<AnalysisView>> {
    return this.answer(tenant, this.analyses, { by, incidentId, permission: USE_AI, accept }, reply);
  }

  /** Nothing is stored. Responds as an analysis does. The last event is the body of a runbook. */
  @Requires(DRAFT_RUNBOOKS)
  @ChangesModule('ai_runbook_drafts')
  @Serves('POST /api/ai/incidents/:id/runbook-draft')
  @HttpCode(200)
  @AnswersWithin(ANSWER_SECONDS)
  @ApiProduces('application/json', 'text/event-stream')
  draft(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() by: SignedInUser,
    @Param('id', UuidPipe) incidentId: string,
    @Headers('accept') accept: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<Sent<RunbookDto>> {
    return this.answer(tenant, this.drafts, { by, incidentId, permission: DRAFT_RUNBOOKS, accept }, reply);
  }

  @Requires(USE_AI)
  @Versioned(VERSION)
  @Serves('GET /api/ai/settings')
  show(@CurrentTenant() tenant: Tenant): Promise<AiSettingsView> {
    return this.settings.view(tenant.id);
  }

  @Requires(CONFIGURE_AI)
  @Versioned(VERSION)
  @Serves('PUT /api/ai/settings')
  change(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Body() dto: ChangeAiSettingsDto,
    @IfMatch() expected: ExpectedVersion<AiSettingsView>,
  ): Promise<AiSettingsView> {
    return this.settings.change(tenant.id, user, dto, expected);
  }

  private async answer<T extends object>(
    { id }: Tenant,
    task: AiTask<T>,
    { permission, accept, ...asked }: AskedOverHttp,
    reply: FastifyReply,
  ): Promise<Sent<T>> {
    const ended = this.answers.whileAdmitted(callerGone(reply), {
      credential: `${permission.name} ${task.feature} ${asked.by.sessionId}`,
      isStanding: () =>
        this.tenants.read(
          id,
          async (scope) =>
            (await this.sessions.isStanding(scope, asked.by, permission)) &&
            (await this.settings.isFeatureAllowed(id, task.feature)),
        ),
    });
    if (accept?.includes('text/event-stream')) {
      const pieces = await this.questions.stream(id, task, asked, ended);
      return sendEventStream(reply, eventsOf(pieces), ended, (failure) => eventOf('error', failure));
    }
    return sendJson(reply, await this.questions.ask(id, task, asked, ended));
  }
}

async function* eventsOf<T extends object>(pieces: AsyncIterable<AnswerPiece<T>>): AsyncGenerator<string> {
  for await (const piece of pieces)
    yield 'whole' in piece ? eventOf('done', piece.whole) : eventOf('delta', piece);
}

function eventOf(name: 'delta' | 'done' | 'error', data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
