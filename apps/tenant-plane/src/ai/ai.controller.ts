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

const Serves = servesOf<AiApi>();
const USE_AI: Permission = { name: 'ai:use', from: 'fulfiller' };
const VERSION = byContent<AiSettingsView>('allow_control_plane', 'features', 'own_endpoint');
/** The Control Plane may take two minutes, and the tenant's own endpoint 100 seconds. */
const ANSWER_SECONDS = 240;
const CONFIGURE_AI: Permission = { name: 'ai:configure', from: 'admin' };

@ApiTags('ai')
@ApiBearerAuth()
@Controller()
export class AiController {
  constructor(
    private readonly analyses: IncidentAnalyses,
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
  async analyse(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) incidentId: string,
    @Headers('accept') accept: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<Sent<AnalysisView>> {
    const asked = { by: user, incidentId };
    const ended = this.answers.whileAdmitted(callerGone(reply), {
      credential: user.sessionId,
      isStanding: () =>
        this.tenants.read(
          tenant.id,
          async (scope) =>
            (await this.sessions.isStanding(scope, user, USE_AI)) &&
            (await this.settings.isFeatureAllowed(tenant.id, 'analysis')),
        ),
    });
    if (accept?.includes('text/event-stream')) {
      const pieces = await this.analyses.stream(tenant.id, asked, ended);
      return sendEventStream(reply, eventsOf(pieces), ended, (failure) => eventOf('error', failure));
    }
    return sendJson(reply, await this.analyses.analyse(tenant.id, asked, ended));
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
}

async function* eventsOf<T extends object>(pieces: AsyncIterable<AnswerPiece<T>>): AsyncGenerator<string> {
  for await (const piece of pieces)
    yield 'whole' in piece ? eventOf('done', piece.whole) : eventOf('delta', piece);
}

function eventOf(name: 'delta' | 'done' | 'error', data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
