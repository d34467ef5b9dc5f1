import { ListJobsQuery, type JobView } from '@atlas/operator-api';
import {
  Refuses,
  type Page,
  type Sent,
  ApiBearerAuth,
  ApiProduces,
  ApiTags,
  UuidPipe,
  OngoingAnswers,
  sendEventStream,
} from '@atlas/platform';
import { type BeforeApplicationShutdown, Controller, HttpCode, Param, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { Serves } from '../access/serves';
import { OperatorAuthentication } from '../accounts/operator-authentication';
import { OperatorWrites } from '../accounts/operator-writes';
import { JobControl } from './job-control';
import { JobEvents, KEEP_ALIVE } from './job-events';

@ApiTags('provisioning jobs')
@ApiBearerAuth()
@Controller()
export class JobsController implements BeforeApplicationShutdown {
  private readonly streams = new Set<AbortController>();
  private isEnding = false;

  constructor(
    private readonly jobs: JobControl,
    private readonly events: JobEvents,
    private readonly operators: OperatorAuthentication,
    private readonly answers: OngoingAnswers,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('jobs:read')
  @Serves('GET /api/provisioning-jobs')
  list(@Query() query: ListJobsQuery): Promise<Page<JobView>> {
    return this.jobs.list(query);
  }

  @Requires('jobs:read')
  @Serves('GET /api/provisioning-jobs/:id')
  async get(@Param('id', UuidPipe) id: string): Promise<JobView> {
    return this.jobs.view(await this.jobs.get(id));
  }

  @Requires('jobs:read')
  @Serves('GET /api/provisioning-jobs/:id/events')
  @ApiProduces('text/event-stream')
  async stream(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Res() reply: FastifyReply,
  ): Promise<Sent<string>> {
    await this.jobs.get(id);
    const end = new AbortController();
    this.streams.add(end);
    if (this.isEnding) end.abort();
    reply.raw.once('close', () => {
      this.streams.delete(end);
      end.abort();
    });
    const ended = this.answers.whileAdmitted(end.signal, {
      credential: caller.sessionId ?? caller.id,
      isStanding: () => this.operators.isStanding(caller, 'jobs:read'),
    });
    return sendEventStream(reply, this.eventsOf(id, ended), ended, (failure) => eventOf('error', failure));
  }

  @Requires('jobs:write')
  @Serves('POST /api/provisioning-jobs/:id/retry')
  @Refuses('conflict')
  @HttpCode(202)
  async retry(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
  ): Promise<{ job: JobView }> {
    return { job: await this.writes.by(caller, async () => this.jobs.view(await this.jobs.retry(id))) };
  }

  @Requires('jobs:write')
  @Serves('POST /api/provisioning-jobs/:id/cancel')
  @Refuses('conflict')
  @HttpCode(202)
  async cancel(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
  ): Promise<{ job: JobView }> {
    return { job: await this.writes.by(caller, async () => this.jobs.view(await this.jobs.cancel(id))) };
  }

  @Requires('jobs:write')
  @Serves('POST /api/provisioning-jobs/:id/rollback')
  @Refuses('conflict')
  @HttpCode(202)
  async rollback(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
  ): Promise<{ job: JobView }> {
    return { job: await this.writes.by(caller, async () => this.jobs.view(await this.jobs.rollback(id))) };
  }

  private async *eventsOf(id: string, ended: AbortSignal): AsyncGenerator<string> {
    for await (const { type, data } of this.events.of(id, ended))
      yield type === KEEP_ALIVE ? ':\n\n' : eventOf(String(type), data);
  }

  /** Closes open event streams so that the process can exit. */
  beforeApplicationShutdown(): void {
    this.isEnding = true;
    for (const end of this.streams) end.abort();
  }
}

function eventOf(type: string, data: unknown): string {
  return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
