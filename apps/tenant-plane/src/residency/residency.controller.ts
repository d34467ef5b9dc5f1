import { Readable } from 'node:stream';
import { TenantDatabase } from '@atlas/persistence';
import {
  ApiBearerAuth,
  ApiProduces,
  ApiTags,
  OngoingAnswers,
  type Page,
  Refuses,
  Sent,
  callerGone,
  servesOf,
} from '@atlas/platform';
import {
  LEDGER_TYPE,
  type LedgerEntry,
  LedgerQuery,
  LedgerSpan,
  type ResidencyApi,
  type ResidencyView,
} from '@atlas/tenant-api/residency';
import { Controller, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { type Permission } from '../credentials/permission';
import { SessionAuthentication } from '../credentials/session-authentication';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { DeclaredEgress } from './declared-egress';
import { LedgerExports } from './ledger-exports';
import { LedgerPages } from './ledger-pages';

const Serves = servesOf<ResidencyApi>();
const READ_RESIDENCY: Permission = { name: 'residency:read', from: 'admin' };

@ApiTags('residency')
@ApiBearerAuth()
@Requires(READ_RESIDENCY)
@Controller()
export class ResidencyController {
  constructor(
    private readonly declared: DeclaredEgress,
    private readonly ledger: LedgerPages,
    private readonly exports: LedgerExports,
    private readonly tenants: TenantDatabase,
    private readonly sessions: SessionAuthentication,
    private readonly answers: OngoingAnswers,
  ) {}

  @Serves('GET /api/residency')
  show(): ResidencyView {
    return this.declared.view();
  }

  /** Calls of the same hour that differ in nothing but time and size are one entry. */
  @Serves('GET /api/residency/ledger')
  list(@CurrentTenant() tenant: Tenant, @Query() query: LedgerQuery): Promise<Page<LedgerEntry>> {
    return this.ledger.list(tenant.id, query);
  }

  @Refuses('too_many')
  @Serves('GET /api/residency/ledger/export')
  @ApiProduces(LEDGER_TYPE)
  async export(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Query() span: LedgerSpan,
    @Res() reply: FastifyReply,
  ): Promise<Sent<never>> {
    const gone = callerGone(reply);
    this.exports.begin(tenant.id, gone);
    const ended = this.answers.whileAdmitted(gone, {
      credential: `residency ${user.sessionId}`,
      isStanding: () =>
        this.tenants.read(tenant.id, (scope) => this.sessions.isStanding(scope, user, READ_RESIDENCY)),
    });
    await reply
      .headers({
        'content-type': LEDGER_TYPE,
        'content-disposition': 'attachment; filename="atlas-residency-ledger.ndjson"',
        'cache-control': 'no-store',
      })
      .send(Readable.from(this.ledger.lines(tenant.id, span, ended)));
    return new Sent();
  }
}
