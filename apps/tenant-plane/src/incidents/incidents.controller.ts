import { Repeatable } from '@atlas/persistence';
import { Refuses, ApiBearerAuth, ApiTags, type Page, UuidPipe, servesOf } from '@atlas/platform';
import {
  type IncidentsApi,
  CreateIncidentDto,
  ListIncidentsQuery,
  UpdateIncidentDto,
  type IncidentView,
} from '@atlas/tenant-api/incidents';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { type Permission } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { Incidents } from './incidents';

const Serves = servesOf<IncidentsApi>();
const READ_INCIDENTS: Permission = { name: 'incidents:read', from: 'requester' };
const CREATE_INCIDENTS: Permission = { name: 'incidents:create', from: 'requester' };
const WRITE_INCIDENTS: Permission = { name: 'incidents:write', from: 'fulfiller' };

@ApiTags('incidents')
@ApiBearerAuth()
@Controller()
export class IncidentsController {
  constructor(
    private readonly incidents: Incidents,
    private readonly writes: UserWrites,
  ) {}

  @Requires(CREATE_INCIDENTS)
  @Repeatable()
  @Serves('POST /api/incidents')
  create(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Body() dto: CreateIncidentDto,
  ): Promise<IncidentView> {
    return this.writes.by(tenant.id, user, () => this.incidents.create(tenant.id, user.id, dto));
  }

  @Requires(READ_INCIDENTS)
  @Serves('GET /api/incidents')
  list(@CurrentTenant() tenant: Tenant, @Query() query: ListIncidentsQuery): Promise<Page<IncidentView>> {
    return this.incidents.list(tenant.id, query);
  }

  @Requires(READ_INCIDENTS)
  @Serves('GET /api/incidents/:id')
  get(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<IncidentView> {
    return this.incidents.get(tenant.id, id);
  }

  @Requires(WRITE_INCIDENTS)
  @Serves('PATCH /api/incidents/:id')
  @Refuses('conflict')
  update(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: UpdateIncidentDto,
  ): Promise<IncidentView> {
    return this.writes.by(tenant.id, user, () => this.incidents.update(tenant.id, id, dto));
  }
}
