import { Repeatable } from '@atlas/persistence';
import { Refuses, ApiBearerAuth, ApiTags, type Page, UuidPipe, servesOf } from '@atlas/platform';
import {
  type CmdbApi,
  CreateConfigurationItemDto,
  ListConfigurationItemsQuery,
  type ConfigurationItemView,
} from '@atlas/tenant-api/cmdb';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { type Permission } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { Cmdb } from './cmdb';

const Serves = servesOf<CmdbApi>();
const READ_CMDB: Permission = { name: 'cmdb:read', from: 'fulfiller' };
const WRITE_CMDB: Permission = { name: 'cmdb:write', from: 'operator' };

@ApiTags('cmdb')
@ApiBearerAuth()
@Controller()
export class CmdbController {
  constructor(
    private readonly cmdb: Cmdb,
    private readonly writes: UserWrites,
  ) {}

  @Requires(WRITE_CMDB)
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

  @Requires(READ_CMDB)
  @Serves('GET /api/cmdb/items')
  list(
    @CurrentTenant() tenant: Tenant,
    @Query() query: ListConfigurationItemsQuery,
  ): Promise<Page<ConfigurationItemView>> {
    return this.cmdb.list(tenant.id, query);
  }

  @Requires(READ_CMDB)
  @Serves('GET /api/cmdb/items/:id')
  get(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<ConfigurationItemView> {
    return this.cmdb.get(tenant.id, id);
  }
}
