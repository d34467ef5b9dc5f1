import { Repeatable } from '@atlas/persistence';
import { Refuses, type Page, type Sends, ApiBearerAuth, ApiTags, UuidPipe } from '@atlas/platform';
import {
  type EnrolAnswer,
  type EnrolAnswerFile,
  EnrolRequest,
  EnrolRequestFile,
} from '@atlas/plane-contract';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { type ServiceCall } from '@atlas/service-auth';
import { type FastifyReply } from 'fastify';
import { Requires, SignedByTenantPlane } from '../access.guard';
import { CurrentOperator, type OperatorCaller, PlaneCall, type PlaneCaller } from '../access/caller';
import { OperatorWrites } from '../accounts/operator-writes';
import { Enrolment } from '../enrolment/enrolment';
import { OfflineEnrolment } from '../enrolment/offline-enrolment';
import { PlaneTokens } from '../install-bundles/plane-tokens';
import { sendSigned } from '../access/signed-answer';
import {
  DryRunQuery,
  IssueTokenDto,
  ListTenantPlanesQuery,
  RegisterTenantPlaneDto,
} from './tenant-planes.dto';
import { type RegisteredPlane, type TenantPlaneView, TenantPlanes } from './tenant-planes';
import { type InstallBundle } from '../enrolment/provisioning-tokens';

@ApiTags('tenant planes')
@ApiBearerAuth()
@Controller('tenant-planes')
export class TenantPlanesController {
  constructor(
    private readonly planes: TenantPlanes,
    private readonly tokens: PlaneTokens,
    private readonly enrolment: Enrolment,
    private readonly offlineEnrolment: OfflineEnrolment,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('planes:write')
  @Repeatable()
  @Post()
  register(
    @CurrentOperator() caller: OperatorCaller,
    @Body() body: RegisterTenantPlaneDto,
  ): Promise<RegisteredPlane> {
    return this.writes.by(caller, () => this.planes.register(body));
  }

  @Requires('planes:read')
  @Get()
  list(@Query() query: ListTenantPlanesQuery): Promise<Page<TenantPlaneView>> {
    return this.planes.list(query);
  }

  @Requires('tokens:issue')
  @Repeatable()
  @Post(':id/provisioning-tokens')
  async issueToken(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() body: IssueTokenDto,
  ): Promise<{ install: InstallBundle }> {
    return { install: await this.writes.by(caller, () => this.tokens.issue(id, body.token_ttl_seconds)) };
  }

  /** For a plane that has no way to us: its request file, carried here by hand. */
  @Requires('planes:write')
  @Post('enroll-offline')
  @Refuses('conflict', 'unprocessable')
  @HttpCode(200)
  enrolOffline(
    @CurrentOperator() caller: OperatorCaller,
    @Body() file: EnrolRequestFile,
  ): Promise<EnrolAnswerFile> {
    return this.offlineEnrolment.enrol(caller, file);
  }

  @SignedByTenantPlane()
  @Post('enroll')
  @Refuses('conflict', 'unprocessable')
  @HttpCode(200)
  async enrol(
    @PlaneCall() call: ServiceCall<PlaneCaller>,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: EnrolRequest,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 200: EnrolAnswer }>> {
    const answer = isDryRun ? this.enrolment.check(call, body) : this.enrolment.enrol(call, body);
    await sendSigned(reply, call, await answer);
  }
}
