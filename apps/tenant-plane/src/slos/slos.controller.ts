import { Repeatable } from '@atlas/persistence';
import {
  ApiBearerAuth,
  ApiConsumes,
  ApiProduces,
  ApiTags,
  type Page,
  Refuses,
  UuidPipe,
  servesOf,
  ExpectedVersion,
  IfMatch,
  Versioned,
  byUpdatedAt,
} from '@atlas/platform';
import {
  AddSloEventsDto,
  CreateSloDto,
  ImportSloDto,
  ListSlosQuery,
  type SloEventsView,
  SloSeriesQuery,
  type SloSeriesView,
  type SloStatusView,
  type SloView,
  type SlosApi,
  UpdateSloDto,
} from '@atlas/tenant-api/slos';
import { Body, Controller, Header, HttpCode, Param, Query } from '@nestjs/common';
import { CallerWrites } from '../access/caller-writes';
import { ChangesModule, Requires, WithKeyOf } from '../access/requires';
import { type Caller, CurrentCaller, CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { type Permission } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { openSloOf, sloInOpenSlo } from './openslo';
import { PrometheusCounts } from './prometheus-counts';
import { SloEvents } from './slo-events';
import { SloStatuses } from './slo-statuses';
import { Slos } from './slos';

const Serves = servesOf<SlosApi>();
const READ_SLOS: Permission = { name: 'slos:read', from: 'fulfiller' };
const WRITE_SLOS: Permission = { name: 'slos:write', from: 'operator' };

@ApiTags('slos')
@ApiBearerAuth()
@Controller()
export class SlosController {
  constructor(
    private readonly slos: Slos,
    private readonly events: SloEvents,
    private readonly statuses: SloStatuses,
    private readonly prometheus: PrometheusCounts,
    private readonly writes: UserWrites,
    private readonly callers: CallerWrites,
  ) {}

  @Requires(WRITE_SLOS)
  @ChangesModule('slos')
  @Repeatable({ takesSecret: true })
  @Refuses('unprocessable')
  @Serves('POST /api/slos')
  async create(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Body() dto: CreateSloDto,
  ): Promise<SloView> {
    await this.prometheus.requireAllowed(dto.indicator);
    return this.writes.by(tenant.id, user, () => this.slos.create(tenant.id, dto));
  }

  @Requires(READ_SLOS)
  @Serves('GET /api/slos')
  list(@CurrentTenant() tenant: Tenant, @Query() query: ListSlosQuery): Promise<Page<SloView>> {
    return this.slos.list(tenant.id, query);
  }

  @Requires(WRITE_SLOS)
  @ChangesModule('slos')
  @Repeatable()
  @ApiConsumes('application/yaml', 'application/json')
  @Refuses('unprocessable')
  @Serves('POST /api/slos/import')
  async import(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Body() { document }: ImportSloDto,
  ): Promise<SloView> {
    return this.create(tenant, user, await sloInOpenSlo(document));
  }

  @Requires(READ_SLOS)
  @Versioned(byUpdatedAt)
  @Serves('GET /api/slos/:id')
  get(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<SloView> {
    return this.slos.get(tenant.id, id);
  }

  @Requires(WRITE_SLOS)
  @ChangesModule('slos')
  @Refuses('unprocessable')
  @Versioned(byUpdatedAt)
  @Serves('PATCH /api/slos/:id')
  async update(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: UpdateSloDto,
    @IfMatch() expected: ExpectedVersion<SloView>,
  ): Promise<SloView> {
    await this.prometheus.requireAllowed(dto.indicator);
    return this.writes.by(tenant.id, user, () => this.slos.update(tenant.id, id, dto, expected));
  }

  @Requires(WRITE_SLOS)
  @ChangesModule('slos')
  @Serves('DELETE /api/slos/:id')
  @HttpCode(204)
  delete(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
  ): Promise<void> {
    return this.writes.by(tenant.id, user, () => this.slos.delete(tenant.id, id));
  }

  @WithKeyOf('dataSource', WRITE_SLOS)
  @Repeatable()
  @Refuses('unprocessable')
  @Serves('POST /api/slos/:id/events')
  @HttpCode(202)
  addEvents(
    @CurrentCaller() caller: Caller,
    @Param('id', UuidPipe) id: string,
    @Body() dto: AddSloEventsDto,
  ): Promise<SloEventsView> {
    return this.callers.by(caller, () => this.events.add(caller.tenantId, id, dto));
  }

  @Requires(READ_SLOS)
  @Serves('GET /api/slos/:id/status')
  status(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<SloStatusView> {
    return this.statuses.status(tenant.id, id);
  }

  @Requires(READ_SLOS)
  @Serves('GET /api/slos/:id/series')
  series(
    @CurrentTenant() tenant: Tenant,
    @Param('id', UuidPipe) id: string,
    @Query() query: SloSeriesQuery,
  ): Promise<SloSeriesView> {
    return this.statuses.series(tenant.id, id, query);
  }

  @Requires(READ_SLOS)
  @ApiProduces('application/yaml')
  @Header('content-type', 'application/yaml; charset=utf-8')
  @Serves('GET /api/slos/:id/openslo')
  async export(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<string> {
    return openSloOf(await this.slos.get(tenant.id, id));
  }
}
