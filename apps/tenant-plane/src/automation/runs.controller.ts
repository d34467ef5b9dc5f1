import { TenantDatabase } from '@atlas/persistence';
import {
  ApiBearerAuth,
  ApiProduces,
  ApiTags,
  OngoingAnswers,
  type Page,
  Refuses,
  type Sent,
  UuidPipe,
  callerGone,
  sendEventStream,
  servesOf,
} from '@atlas/platform';
import {
  type AutomationApi,
  type AutomationInboxView,
  CompleteStepDto,
  ListRunsQuery,
  RunDecisionDto,
  type RunPlanView,
  RunRunbookDto,
  type RunView,
  StepDecisionDto,
} from '@atlas/tenant-api/automation';
import { Body, Controller, Headers, Param, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { ChangesModule, Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { SessionAuthentication } from '../credentials/session-authentication';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { APPROVE_STEPS, READ_AUTOMATION, RUN_RUNBOOKS } from './automation-permissions';
import { Decides } from './decides';
import { EventStreams } from './event-streams';
import { RunDecisions } from './run-decisions';
import { RunEvents, eventOf } from './run-events';
import { Runs } from './runs';
import { StartsRun } from './starts-run';

const Serves = servesOf<AutomationApi>();

@ApiTags('automation')
@ApiBearerAuth()
@Controller()
export class RunsController {
  constructor(
    private readonly runs: Runs,
    private readonly decisions: RunDecisions,
    private readonly writes: UserWrites,
    private readonly events: RunEvents,
    private readonly streams: EventStreams,
    private readonly tenants: TenantDatabase,
    private readonly sessions: SessionAuthentication,
    private readonly answers: OngoingAnswers,
  ) {}

  @Requires(RUN_RUNBOOKS)
  @StartsRun()
  @Refuses('conflict', 'unprocessable')
  @ChangesModule('runbooks')
  @Serves('POST /api/runbooks/:id/runs')
  start(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: RunRunbookDto,
  ): Promise<RunPlanView | RunView> {
    if (dto.dry_run) return this.runs.plan(tenant.id, id, dto);
    return this.writes.by(tenant.id, user, () => this.runs.start(tenant.id, user.id, id, dto));
  }

  @Requires(READ_AUTOMATION)
  @Serves('GET /api/automation/jobs')
  list(@CurrentTenant() tenant: Tenant, @Query() query: ListRunsQuery): Promise<Page<RunView>> {
    return this.runs.list(tenant.id, query);
  }

  @Requires(READ_AUTOMATION)
  @Serves('GET /api/automation/inbox')
  inbox(@CurrentTenant() tenant: Tenant): Promise<AutomationInboxView> {
    return this.runs.inbox(tenant.id);
  }

  @Requires(READ_AUTOMATION)
  @Serves('GET /api/automation/jobs/:id')
  get(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<RunView> {
    return this.runs.get(tenant.id, id);
  }

  /** After a lost connection, `Last-Event-ID` says how much of the output the client has. */
  @Requires(READ_AUTOMATION)
  @Refuses('too_many')
  @ApiProduces('text/event-stream')
  @Serves('GET /api/automation/jobs/:id/events')
  async follow(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<Sent<string>> {
    const gone = callerGone(reply);
    await this.runs.get(tenant.id, id);
    const ended = this.answers.whileAdmitted(this.streams.begin(user.id, gone), {
      credential: `${READ_AUTOMATION.name} ${user.sessionId}`,
      isStanding: () =>
        this.tenants.read(tenant.id, (scope) => this.sessions.isStanding(scope, user, READ_AUTOMATION)),
    });
    const events = this.events.of(tenant.id, id, lastEventId, ended);
    return sendEventStream(reply, events, ended, (failure) => eventOf('error', failure));
  }

  @Requires(APPROVE_STEPS)
  @Refuses('conflict', 'unprocessable')
  @Decides()
  @Serves('POST /api/automation/jobs/:id/approve')
  approve(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: StepDecisionDto,
  ): Promise<RunView> {
    return this.writes.by(tenant.id, user, () => this.decisions.approve(tenant.id, user.id, id, dto));
  }

  @Requires(APPROVE_STEPS)
  @Refuses('conflict', 'unprocessable')
  @Decides()
  @Serves('POST /api/automation/jobs/:id/reject')
  reject(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: StepDecisionDto,
  ): Promise<RunView> {
    return this.writes.by(tenant.id, user, () => this.decisions.reject(tenant.id, user.id, id, dto));
  }

  @Requires(RUN_RUNBOOKS)
  @Refuses('conflict', 'unprocessable')
  @Decides()
  @Serves('POST /api/automation/jobs/:id/complete')
  complete(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: CompleteStepDto,
  ): Promise<RunView> {
    return this.writes.by(tenant.id, user, () => this.decisions.complete(tenant.id, user.id, id, dto));
  }

  @Requires(RUN_RUNBOOKS)
  @Refuses('conflict')
  @Decides()
  @Serves('POST /api/automation/jobs/:id/cancel')
  cancel(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: RunDecisionDto,
  ): Promise<RunView> {
    return this.writes.by(tenant.id, user, () => this.decisions.cancel(tenant.id, user.id, id, dto));
  }

  @Requires(RUN_RUNBOOKS)
  @Refuses('conflict')
  @Decides()
  @ChangesModule('runbooks')
  @Serves('POST /api/automation/jobs/:id/retry')
  retry(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: RunDecisionDto,
  ): Promise<RunView> {
    return this.writes.by(tenant.id, user, () => this.decisions.retry(tenant.id, user.id, id, dto));
  }
}
