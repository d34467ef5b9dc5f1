import { Repeatable } from '@atlas/persistence';
import {
  Refuses,
  ApiBearerAuth,
  ApiTags,
  type Page,
  UuidPipe,
  servesOf,
  ExpectedVersion,
  IfMatch,
  Versioned,
  byUpdatedAt,
} from '@atlas/platform';
import {
  type CmdbApi,
  type ConfigurationItemView,
  CreateConfigurationItemDto,
  CreateRelationshipDto,
  ImpactQuery,
  type ImpactView,
  ListConfigurationItemsQuery,
  ListRelationshipsQuery,
  type RelationshipView,
  UpdateConfigurationItemDto,
} from '@atlas/tenant-api/cmdb';
import { Body, Controller, HttpCode, Param, Query } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { type Permission } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { Cmdb } from './cmdb';
import { Impacts } from './impacts';
import { Relationships } from './relationships';

const Serves = servesOf<CmdbApi>();
const READ_CMDB: Permission = { name: 'cmdb:read', from: 'fulfiller' };
const WRITE_CMDB: Permission = { name: 'cmdb:write', from: 'operator' };

@ApiTags('cmdb')
@ApiBearerAuth()
@Controller()
export class CmdbController {
  constructor(
    private readonly cmdb: Cmdb,
    private readonly relationships: Relationships,
    private readonly impacts: Impacts,
    private readonly writes: UserWrites,
  ) {}

  @Requires(WRITE_CMDB)
  @Repeatable()
  @Refuses('conflict', 'unprocessable')
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
  @Versioned(byUpdatedAt)
  @Serves('GET /api/cmdb/items/:id')
  get(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<ConfigurationItemView> {
    return this.cmdb.get(tenant.id, id);
  }

  @Requires(WRITE_CMDB)
  @Versioned(byUpdatedAt)
  @Serves('PATCH /api/cmdb/items/:id')
  @Refuses('conflict', 'unprocessable')
  update(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: UpdateConfigurationItemDto,
    @IfMatch() expected: ExpectedVersion<ConfigurationItemView>,
  ): Promise<ConfigurationItemView> {
    return this.writes.by(tenant.id, user, () => this.cmdb.update(tenant.id, id, dto, expected));
  }

  @Requires(WRITE_CMDB)
  @Serves('DELETE /api/cmdb/items/:id')
  @HttpCode(204)
  archive(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
  ): Promise<void> {
    return this.writes.by(tenant.id, user, () => this.cmdb.archive(tenant.id, id));
  }

  @Requires(READ_CMDB)
  @Serves('GET /api/cmdb/items/:id/impact')
  impact(
    @CurrentTenant() tenant: Tenant,
    @Param('id', UuidPipe) id: string,
    @Query() query: ImpactQuery,
  ): Promise<ImpactView> {
    return this.impacts.of(tenant.id, id, query);
  }

  @Requires(WRITE_CMDB)
  @Repeatable()
  @Refuses('conflict', 'unprocessable')
  @Serves('POST /api/cmdb/relationships')
  relate(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Body() dto: CreateRelationshipDto,
  ): Promise<RelationshipView> {
    return this.writes.by(tenant.id, user, () => this.relationships.create(tenant.id, dto));
  }

  @Requires(READ_CMDB)
  @Serves('GET /api/cmdb/relationships')
  listRelationships(
    @CurrentTenant() tenant: Tenant,
    @Query() query: ListRelationshipsQuery,
  ): Promise<Page<RelationshipView>> {
    return this.relationships.list(tenant.id, query);
  }

  @Requires(WRITE_CMDB)
  @Serves('DELETE /api/cmdb/relationships/:id')
  @HttpCode(204)
  unrelate(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
  ): Promise<void> {
    return this.writes.by(tenant.id, user, () => this.relationships.delete(tenant.id, id));
  }
}
