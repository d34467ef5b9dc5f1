import { Readable } from 'node:stream';
import { TenantDatabase } from '@atlas/persistence';
import {
  ApiBearerAuth,
  ApiTags,
  OngoingAnswers,
  Refuses,
  TakesStream,
  UuidPipe,
  callerGone,
  servesOf,
  unsupportedMediaType,
} from '@atlas/platform';
import { ARCHIVE_TYPE, type ExportsApi, type ImportView } from '@atlas/tenant-api/exports';
import { Controller, HttpCode, Param, Req, Res } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { SessionAuthentication } from '../credentials/session-authentication';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { IMPORT_DATA, Imports } from './imports';

const Serves = servesOf<ExportsApi>();

@ApiTags('exports')
@ApiBearerAuth()
@Requires(IMPORT_DATA)
@Controller()
export class ImportsController {
  constructor(
    private readonly imports: Imports,
    private readonly tenants: TenantDatabase,
    private readonly sessions: SessionAuthentication,
    private readonly answers: OngoingAnswers,
  ) {}

  /**
   * Not repeatable by an `Idempotency-Key`, which would have to cover the whole archive. A repeated import
   * finds that another one is running, or that the tenant is no longer empty.
   */
  @TakesStream(ARCHIVE_TYPE)
  @Refuses('conflict', 'unprocessable')
  @Serves('POST /api/imports')
  @HttpCode(202)
  receive(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Req() { body }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ImportView> {
    if (!(body instanceof Readable)) throw unsupportedMediaType();
    const isStanding = (): Promise<boolean> =>
      this.tenants.read(tenant.id, (scope) => this.sessions.isStanding(scope, user, IMPORT_DATA));
    const admission = { credential: user.sessionId, isStanding };
    return this.imports.receive(
      tenant.id,
      user,
      body,
      this.answers.whileAdmitted(callerGone(reply), admission),
    );
  }

  @Serves('GET /api/imports/:id')
  get(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<ImportView> {
    return this.imports.get(tenant.id, id);
  }
}
