import { Repeatable } from '@atlas/persistence';
import {
  Refuses,
  ApiBearerAuth,
  ApiTags,
  type Page,
  PageQuery,
  UuidPipe,
  servesOf,
  ExpectedVersion,
  IfMatch,
  Versioned,
  byUpdatedAt,
} from '@atlas/platform';
import {
  type IncidentsApi,
  CreateIncidentDto,
  CreateNoteDto,
  ListIncidentsQuery,
  UpdateIncidentDto,
  type IncidentSummaryView,
  type IncidentView,
  type TimelineItemView,
} from '@atlas/tenant-api/incidents';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { WRITE_INCIDENTS } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { CREATE_INCIDENTS, READ_INCIDENTS } from './incident-permissions';
import { Incidents } from './incidents';

const Serves = servesOf<IncidentsApi>();

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
  @Refuses('unprocessable')
  @Serves('POST /api/incidents')
  create(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Body() dto: CreateIncidentDto,
  ): Promise<IncidentView> {
    // The write checks the permission that the caller requires.
    const caller = dto.assignee_id === undefined ? user : { ...user, requires: WRITE_INCIDENTS };
    return this.writes.by(tenant.id, caller, () => this.incidents.create(tenant.id, user.id, dto));
  }

  @Requires(READ_INCIDENTS)
  @Serves('GET /api/incidents')
  list(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Query() query: ListIncidentsQuery,
  ): Promise<Page<IncidentView>> {
    return this.incidents.list(tenant.id, user, query);
  }

  @Requires(READ_INCIDENTS)
  @Serves('GET /api/incidents/summary')
  summary(@CurrentTenant() tenant: Tenant, @CurrentUser() user: SignedInUser): Promise<IncidentSummaryView> {
    return this.incidents.summary(tenant.id, user);
  }

  @Requires(READ_INCIDENTS)
  @Versioned(byUpdatedAt)
  @Serves('GET /api/incidents/:id')
  get(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
  ): Promise<IncidentView> {
    return this.incidents.get(tenant.id, user, id);
  }

  @Requires(WRITE_INCIDENTS)
  @Versioned(byUpdatedAt)
  @Serves('PATCH /api/incidents/:id')
  @Refuses('conflict', 'unprocessable')
  update(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: UpdateIncidentDto,
    @IfMatch() expected: ExpectedVersion<IncidentView>,
  ): Promise<IncidentView> {
    return this.writes.by(tenant.id, user, () =>
      this.incidents.update(tenant.id, user.id, id, dto, expected),
    );
  }

  @Requires(READ_INCIDENTS)
  @Serves('GET /api/incidents/:id/timeline')
  timeline(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Query() query: PageQuery,
  ): Promise<Page<TimelineItemView>> {
    return this.incidents.timeline(tenant.id, user, id, query);
  }

  @Requires(WRITE_INCIDENTS)
  @Repeatable()
  @Serves('POST /api/incidents/:id/notes')
  addNote(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: CreateNoteDto,
  ): Promise<TimelineItemView> {
    return this.writes.by(tenant.id, user, () => this.incidents.addNote(tenant.id, user.id, id, dto));
  }
}
