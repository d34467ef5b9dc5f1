import {
  type DesiredState,
  MAX_WAIT_SECONDS,
  type ReportAnswer,
  ReportRequest,
  type TenantRoute,
  DesiredStateQuery,
  SelfQuery,
} from '@atlas/plane-contract';
import { type Sent, AnswersWithin, ApiTags } from '@atlas/platform';
import { type ServiceCall } from '@atlas/service-auth';
import { Body, Controller, Headers, HttpCode, Param, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { SignedByTenantPlane } from '../access/access.decorators';
import { PlaneCall, type PlaneCaller } from '../access/caller';
import { Serves } from '../access/serves';
import { sendSigned } from '../access/signed-answer';
import { DesiredStates } from '../desired-state/desired-states';
import { TenantPlanes } from '../fleet/tenant-planes';
import { Routes } from '../routing/routes';
import { PlaneTurns } from '../service-keys/plane-turns';
import { WaitingCalls } from '../service-keys/waiting-calls';
import { Reports } from './reports';

/** The calls that an enrolled tenant plane makes to pull its desired state and to report. */
@ApiTags('tenant planes')
@SignedByTenantPlane()
@Controller()
export class SelfController {
  constructor(
    private readonly planes: TenantPlanes,
    private readonly desiredStates: DesiredStates,
    private readonly reports: Reports,
    private readonly routes: Routes,
    private readonly calls: WaitingCalls,
    private readonly turns: PlaneTurns,
  ) {}

  @Serves('GET /api/tenant-planes/self/desired-state')
  @AnswersWithin(MAX_WAIT_SECONDS + 30)
  async desiredState(
    @PlaneCall() call: ServiceCall<PlaneCaller>,
    @Headers('x-tenant-id') tenantId: string | undefined,
    @Query() query: DesiredStateQuery,
    @Res() reply: FastifyReply,
  ): Promise<Sent<DesiredState | undefined>> {
    const tenantPlaneId = await this.planes.identify(call, query.tenant_plane_id, tenantId);
    const { since, wait } = query;
    const { keyId } = call;
    const changes =
      since === undefined
        ? this.turns.next(() => this.desiredStates.changes(tenantPlaneId, undefined, keyId))
        : this.desiredStates.awaitChanges(
            { tenantPlaneId, keyId },
            since,
            Math.min(wait, MAX_WAIT_SECONDS),
            this.calls.endOfPoll(reply, call, tenantPlaneId),
          );
    return sendSigned(reply, call, await changes);
  }

  /** The tenant plane that serves the tenant with this slug; 204 if there is none. */
  @Serves('GET /api/tenant-planes/self/routes/:slug')
  async route(
    @PlaneCall() call: ServiceCall<PlaneCaller>,
    @Headers('x-tenant-id') tenantId: string | undefined,
    @Param('slug') slug: string,
    @Query() query: SelfQuery,
    @Res() reply: FastifyReply,
  ): Promise<Sent<TenantRoute | undefined>> {
    await this.planes.identify(call, query.tenant_plane_id, tenantId);
    return sendSigned(reply, call, await this.routes.ofSlug(slug));
  }

  @Serves('POST /api/tenant-planes/self/report')
  @HttpCode(200)
  async report(
    @PlaneCall() call: ServiceCall<PlaneCaller>,
    @Headers('x-tenant-id') tenantId: string | undefined,
    @Query() query: SelfQuery,
    @Body() report: ReportRequest,
  ): Promise<ReportAnswer> {
    const tenantPlaneId = await this.planes.identify(call, query.tenant_plane_id, tenantId);
    return this.turns.first(() => this.reports.receive({ tenantPlaneId, keyId: call.keyId }, report));
  }
}
