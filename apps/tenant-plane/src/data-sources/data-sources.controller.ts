import { Repeatable } from '@atlas/persistence';
import {
  ApiBearerAuth,
  ApiTags,
  type Page,
  PageQuery,
  UuidPipe,
  servesOf,
  ExpectedVersion,
  IfMatch,
  Versioned,
  byContent,
} from '@atlas/platform';
import {
  CreateDataSourceDto,
  type DataSourcesApi,
  type DataSourceView,
  type DataSourceWithKeyView,
  RotateKeyDto,
  UpdateDataSourceDto,
} from '@atlas/tenant-api/data-sources';
import { Body, Controller, HttpCode, Param, Query } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { type Permission } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { withoutKey } from './data-source.view';
import { DataSources } from './data-sources';

const Serves = servesOf<DataSourcesApi>();
const MANAGE_DATA_SOURCES: Permission = { name: 'data-sources:manage', from: 'operator' };
const VERSION = byContent<DataSourceView>('name', 'group_by', 'window_minutes', 'enabled');

@ApiTags('alerts')
@ApiBearerAuth()
@Requires(MANAGE_DATA_SOURCES)
@Controller()
export class DataSourcesController {
  constructor(
    private readonly sources: DataSources,
    private readonly writes: UserWrites,
  ) {}

  @Repeatable({ forRepeats: withoutKey })
  @Serves('POST /api/data-sources')
  create(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Body() dto: CreateDataSourceDto,
  ): Promise<DataSourceWithKeyView> {
    return this.writes.by(tenant.id, user, () => this.sources.create(tenant, dto));
  }

  @Serves('GET /api/data-sources')
  list(@CurrentTenant() tenant: Tenant, @Query() query: PageQuery): Promise<Page<DataSourceView>> {
    return this.sources.list(tenant, query);
  }

  @Versioned(VERSION)
  @Serves('GET /api/data-sources/:id')
  get(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<DataSourceView> {
    return this.sources.get(tenant, id);
  }

  @Versioned(VERSION)
  @Serves('PATCH /api/data-sources/:id')
  update(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: UpdateDataSourceDto,
    @IfMatch() expected: ExpectedVersion<DataSourceView>,
  ): Promise<DataSourceView> {
    return this.writes.by(tenant.id, user, () => this.sources.update(tenant, id, dto, expected));
  }

  @Serves('DELETE /api/data-sources/:id')
  @HttpCode(204)
  delete(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
  ): Promise<void> {
    return this.writes.by(tenant.id, user, () => this.sources.delete(tenant, id));
  }

  @Repeatable({ forRepeats: withoutKey })
  @Serves('POST /api/data-sources/:id/rotate-key')
  @HttpCode(200)
  rotateKey(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: RotateKeyDto,
  ): Promise<DataSourceWithKeyView> {
    return this.writes.by(tenant.id, user, () => this.sources.rotateKey(tenant, id, dto));
  }
}
