import { Repeatable } from '@atlas/persistence';
import { ApiBearerAuth, ApiTags, type Page, PageQuery, UuidPipe, servesOf } from '@atlas/platform';
import {
  type AlertsApi,
  type AlertView,
  CreateSilenceDto,
  ListAlertsQuery,
  type SilenceView,
} from '@atlas/tenant-api/alerts';
import { Body, Controller, HttpCode, Param, Query } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { type Permission } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { Alerts } from './alerts';
import { Silences } from './silences';

const Serves = servesOf<AlertsApi>();
const READ_ALERTS: Permission = { name: 'alerts:read', from: 'fulfiller' };
const MANAGE_SILENCES: Permission = { name: 'silences:manage', from: 'operator' };

@ApiTags('alerts')
@ApiBearerAuth()
@Controller()
export class AlertsController {
  constructor(
    private readonly alerts: Alerts,
    private readonly silences: Silences,
    private readonly writes: UserWrites,
  ) {}

  @Requires(READ_ALERTS)
  @Serves('GET /api/alerts')
  list(@CurrentTenant() tenant: Tenant, @Query() query: ListAlertsQuery): Promise<Page<AlertView>> {
    return this.alerts.list(tenant.id, query);
  }

  @Requires(READ_ALERTS)
  @Serves('GET /api/alerts/:id')
  get(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<AlertView> {
    return this.alerts.get(tenant.id, id);
  }

  @Requires(MANAGE_SILENCES)
  @Repeatable()
  @Serves('POST /api/silences')
  silence(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Body() dto: CreateSilenceDto,
  ): Promise<SilenceView> {
    return this.writes.by(tenant.id, user, () => this.silences.create(tenant.id, user.id, dto));
  }

  @Requires(MANAGE_SILENCES)
  @Serves('GET /api/silences')
  listSilences(@CurrentTenant() tenant: Tenant, @Query() query: PageQuery): Promise<Page<SilenceView>> {
    return this.silences.list(tenant.id, query);
  }

  @Requires(MANAGE_SILENCES)
  @Serves('GET /api/silences/:id')
  getSilence(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<SilenceView> {
    return this.silences.get(tenant.id, id);
  }

  @Requires(MANAGE_SILENCES)
  @Serves('DELETE /api/silences/:id')
  @HttpCode(204)
  expire(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
  ): Promise<void> {
    return this.writes.by(tenant.id, user, () => this.silences.expire(tenant.id, id));
  }
}
