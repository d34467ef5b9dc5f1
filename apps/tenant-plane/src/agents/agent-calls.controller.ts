import { AnswersWithin, ApiBearerAuth, ApiTags, Refuses, callerGone, servesOf } from '@atlas/platform';
import {
  type AgentsApi,
  ClaimQuery,
  type ClaimView,
  HeartbeatDto,
  type HeartbeatView,
  ResultDto,
  type ResultView,
} from '@atlas/tenant-api/agents';
import { Body, Controller, HttpCode, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { WithKeyOf } from '../access/requires';
import { type ClaimedKey, CurrentKey } from '../access/tenant-request';
import { AgentCalls } from './agent-calls';

const Serves = servesOf<AgentsApi>();

/** The routes for agents, which present their key as bearer token. */
@ApiTags('agents')
@ApiBearerAuth()
@Controller()
export class AgentCallsController {
  constructor(private readonly calls: AgentCalls) {}

  @WithKeyOf('agent')
  @HttpCode(200)
  @Refuses('too_many', 'unprocessable')
  @Serves('POST /api/agent/heartbeat')
  heartbeat(@CurrentKey() key: ClaimedKey, @Body() dto: HeartbeatDto): Promise<HeartbeatView> {
    return this.calls.heartbeat(key, dto);
  }

  @WithKeyOf('agent')
  @HttpCode(200)
  @AnswersWithin(60)
  @Refuses('too_many')
  @Serves('POST /api/agent/claim')
  async claim(
    @CurrentKey() key: ClaimedKey,
    @Query() { wait = 0 }: ClaimQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ClaimView | undefined> {
    const step = await this.calls.claim(key, wait, callerGone(reply));
    if (step) return step;
    void reply.status(204);
    return undefined;
  }

  @WithKeyOf('agent')
  @HttpCode(200)
  @Refuses('conflict', 'too_many', 'unprocessable')
  @Serves('POST /api/agent/results')
  report(@CurrentKey() key: ClaimedKey, @Body() dto: ResultDto): Promise<ResultView> {
    return this.calls.report(key, dto);
  }
}
