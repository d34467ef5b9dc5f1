import { Readable } from 'node:stream';
import { Repeatable, TenantDatabase } from '@atlas/persistence';
import {
  ApiBearerAuth,
  ApiProduces,
  ApiTags,
  OngoingAnswers,
  type Page,
  PageQuery,
  Refuses,
  Sent,
  UuidPipe,
  callerGone,
  servesOf,
} from '@atlas/platform';
import { ARCHIVE_TYPE, type ExportView, type ExportsApi } from '@atlas/tenant-api/exports';
import { Controller, Headers, HttpCode, Param, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { type Permission } from '../credentials/permission';
import { SessionAuthentication } from '../credentials/session-authentication';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { type Download, Downloads } from './downloads';
import { Exports } from './exports';

const Serves = servesOf<ExportsApi>();
const EXPORT_DATA: Permission = { name: 'tenant:export', from: 'admin' };

@ApiTags('exports')
@ApiBearerAuth()
@Requires(EXPORT_DATA)
@Controller()
export class ExportsController {
  constructor(
    private readonly exports: Exports,
    private readonly downloads: Downloads,
    private readonly writes: UserWrites,
    private readonly tenants: TenantDatabase,
    private readonly sessions: SessionAuthentication,
    private readonly answers: OngoingAnswers,
  ) {}

  @Repeatable()
  @Refuses('conflict', 'too_many')
  @Serves('POST /api/exports')
  @HttpCode(202)
  request(@CurrentTenant() tenant: Tenant, @CurrentUser() user: SignedInUser): Promise<ExportView> {
    return this.writes.by(tenant.id, user, () => this.exports.request(tenant.id, user));
  }

  @Serves('GET /api/exports')
  list(@CurrentTenant() tenant: Tenant, @Query() query: PageQuery): Promise<Page<ExportView>> {
    return this.exports.list(tenant.id, query);
  }

  @Serves('GET /api/exports/:id')
  get(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<ExportView> {
    return this.exports.get(tenant.id, id);
  }

  /** Responds with the whole archive or, given `Range: bytes=…`, with a part of it. */
  @Serves('GET /api/exports/:id/download')
  @ApiProduces(ARCHIVE_TYPE)
  @Refuses('conflict', 'gone', 'unsatisfiable')
  async download(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Headers('range') range: string | undefined,
    @Headers('if-range') ifRange: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<Sent<never>> {
    const download = await this.writes.by(tenant.id, user, () =>
      this.downloads.open(tenant.id, id, { range, ifRange }),
    );
    const ended = this.answers.whileAdmitted(callerGone(reply), {
      credential: `exports ${user.sessionId}`,
      isStanding: () =>
        this.tenants.read(tenant.id, (scope) => this.sessions.isStanding(scope, user, EXPORT_DATA)),
    });
    await reply
      .status(download.range ? 206 : 200)
      .headers(headersOf(download))
      .send(Readable.from(download.bytes(ended)));
    return new Sent();
  }
}

function headersOf({ size, range, etag, fileName }: Download): Record<string, string | number> {
  const headers = {
    'content-type': ARCHIVE_TYPE,
    'content-disposition': `attachment; filename="${fileName}"`,
    'accept-ranges': 'bytes',
    'cache-control': 'no-store',
    etag,
  };
  if (!range) return { ...headers, 'content-length': size };
  const { from, to } = range;
  return { ...headers, 'content-length': to - from + 1, 'content-range': `bytes ${from}-${to}/${size}` };
}
