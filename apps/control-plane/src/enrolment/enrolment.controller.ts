import {
  EnrolRequestFile,
  type EnrolAnswerFile,
  EnrolRequest,
  type EnrolAnswer,
} from '@atlas/plane-contract';
import { ApiTags, ApiBearerAuth, Refuses, DryRunQuery, type Sent } from '@atlas/platform';
import { type ServiceCall } from '@atlas/service-auth';
import { Controller, HttpCode, Body, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Requires, SignedByTenantPlane } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller, PlaneCall, type PlaneCaller } from '../access/caller';
import { Serves } from '../access/serves';
import { sendSigned } from '../access/signed-answer';
import { Enrolment } from './enrolment';
import { OfflineEnrolment } from './offline-enrolment';

@ApiTags('tenant planes')
@ApiBearerAuth()
@Controller()
export class EnrolmentController {
  constructor(
    private readonly enrolment: Enrolment,
    private readonly offlineEnrolment: OfflineEnrolment,
  ) {}

  /**
   * Enrols a plane that has no connection to the Control Plane. An operator uploads the plane's request file.
   */
  @Requires('planes:write')
  @Serves('POST /api/tenant-planes/enroll-offline')
  @Refuses('conflict', 'unprocessable')
  @HttpCode(200)
  enrolOffline(
    @CurrentOperator() caller: OperatorCaller,
    @Body() file: EnrolRequestFile,
  ): Promise<EnrolAnswerFile> {
    return this.offlineEnrolment.enrol(caller, file);
  }

  @SignedByTenantPlane()
  @Serves('POST /api/tenant-planes/enroll')
  @Refuses('conflict', 'unprocessable')
  @HttpCode(200)
  async enrol(
    @PlaneCall() call: ServiceCall<PlaneCaller>,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: EnrolRequest,
    @Res() reply: FastifyReply,
  ): Promise<Sent<EnrolAnswer>> {
    const answer = isDryRun ? this.enrolment.check(call, body) : this.enrolment.enrol(call, body);
    return sendSigned(reply, call, await answer);
  }
}
