import { Repeatable } from '@atlas/persistence';
import { Refuses, ApiBearerAuth, ApiTags, type Page, UuidPipe } from '@atlas/platform';
import {
  CreateConfigurationItemDto,
  ListConfigurationItemsQuery,
  type ConfigurationItemView,
} from '@atlas/tenant-api';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { Requires } from '../access/requires';
import { Serves } from '../access/serves';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { Cmdb } from './cmdb';

@ApiTags('cmdb')
@ApiBearerAuth()
@Controller()
export class CmdbController {
  constructor(
    private readonly cmdb: Cmdb,
    private readonly writes: UserWrites,
  ) {}

  @Requires('cmdb:write')
  @Repeatable()
  @Refuses('unprocessable')
  @Serves('POST /api/cmdb/items')
  create(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Body() dto: CreateConfigurationItemDto,
  ): Promise<ConfigurationItemView> {
    return this.writes.by(tenant.id, user, () => this.cmdb.create(tenant.id, dto));
  }

  @Requires('cmdb:read')
  @Serves('GET /api/cmdb/items')
  list(
    @CurrentTenant() tenant: Tenant,
    @Query() query: ListConfigurationItemsQuery,
  ): Promise<Page<ConfigurationItemView>> {
    return this.cmdb.list(tenant.id, query);
  }

  @Requires('cmdb:read')
  @Serves('GET /api/cmdb/items/:id')
  get(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<ConfigurationItemView> {
    return this.cmdb.get(tenant.id, id);
  }
}
