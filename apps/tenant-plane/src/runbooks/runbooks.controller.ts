import { Repeatable } from '@atlas/persistence';
import {
  ApiBearerAuth,
  ApiTags,
  type Page,
  Refuses,
  UuidPipe,
  servesOf,
  ExpectedVersion,
  IfMatch,
  Versioned,
  byNumber,
} from '@atlas/platform';
import {
  ListRunbooksQuery,
  RunbookDto,
  type RunbookSummaryView,
  RunbookVersionQuery,
  type RunbookView,
  type RunbooksApi,
} from '@atlas/tenant-api/runbooks';
import { Body, Controller, HttpCode, Param, Query } from '@nestjs/common';
import { ChangesModule, Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { READ_RUNBOOKS, WRITE_RUNBOOKS } from './runbook-permissions';
import { checkedDefinition } from './runbook-definition';
import { Runbooks } from './runbooks';
import { StepAddresses } from './step-addresses';

const Serves = servesOf<RunbooksApi>();

@ApiTags('runbooks')
@ApiBearerAuth()
@Controller()
export class RunbooksController {
  constructor(
    private readonly runbooks: Runbooks,
    private readonly addresses: StepAddresses,
    private readonly writes: UserWrites,
  ) {}

  @Requires(WRITE_RUNBOOKS)
  @ChangesModule('runbooks')
  @Repeatable({ takesSecret: true })
  @Refuses('unprocessable')
  @Serves('POST /api/runbooks')
  async create(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Body() dto: RunbookDto,
  ): Promise<RunbookView> {
    const runbook = checkedDefinition(dto);
    await this.addresses.requireAllowed(runbook.definition);
    return this.writes.by(tenant.id, user, () => this.runbooks.create(tenant.id, user.id, runbook));
  }

  @Requires(READ_RUNBOOKS)
  @Serves('GET /api/runbooks')
  list(
    @CurrentTenant() tenant: Tenant,
    @Query() query: ListRunbooksQuery,
  ): Promise<Page<RunbookSummaryView>> {
    return this.runbooks.list(tenant.id, query);
  }

  @Requires(READ_RUNBOOKS)
  @Versioned(byNumber)
  @Serves('GET /api/runbooks/:id')
  get(
    @CurrentTenant() tenant: Tenant,
    @Param('id', UuidPipe) id: string,
    @Query() { version }: RunbookVersionQuery,
  ): Promise<RunbookView> {
    return this.runbooks.get(tenant.id, id, version);
  }

  @Requires(WRITE_RUNBOOKS)
  @ChangesModule('runbooks')
  @Refuses('conflict', 'unprocessable')
  @Versioned(byNumber)
  @Serves('PUT /api/runbooks/:id')
  async replace(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: RunbookDto,
    @IfMatch() expected: ExpectedVersion<RunbookView>,
  ): Promise<RunbookView> {
    const runbook = checkedDefinition(dto);
    await this.addresses.requireAllowed(runbook.definition);
    return this.writes.by(tenant.id, user, () =>
      this.runbooks.replace(tenant.id, user.id, id, runbook, expected),
    );
  }

  @Requires(WRITE_RUNBOOKS)
  @ChangesModule('runbooks')
  @Serves('DELETE /api/runbooks/:id')
  @HttpCode(204)
  archive(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
  ): Promise<void> {
    return this.writes.by(tenant.id, user, () => this.runbooks.archive(tenant.id, id));
  }
}
