import {
  ApiBearerAuth,
  ApiTags,
  servesOf,
  ExpectedVersion,
  IfMatch,
  Versioned,
  byContent,
} from '@atlas/platform';
import { type SlaApi, SlaPolicyDto, type SlaPolicyView } from '@atlas/tenant-api/sla';
import { Body, Controller } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { READ_ALL_INCIDENTS, SET_SLA_POLICY } from './incident-permissions';
import { SlaPolicies } from './sla-policies';

const Serves = servesOf<SlaApi>();
const VERSION = byContent<SlaPolicyView>('P1', 'P2', 'P3', 'P4', 'P5');

@ApiTags('incidents')
@ApiBearerAuth()
@Controller()
export class SlaController {
  constructor(
    private readonly policies: SlaPolicies,
    private readonly writes: UserWrites,
  ) {}

  @Requires(READ_ALL_INCIDENTS)
  @Versioned(VERSION)
  @Serves('GET /api/sla-policy')
  get(@CurrentTenant() tenant: Tenant): Promise<SlaPolicyView> {
    return this.policies.get(tenant.id);
  }

  @Requires(SET_SLA_POLICY)
  @Versioned(VERSION)
  @Serves('PUT /api/sla-policy')
  set(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Body() dto: SlaPolicyDto,
    @IfMatch() expected: ExpectedVersion<SlaPolicyView>,
  ): Promise<SlaPolicyView> {
    return this.writes.by(tenant.id, user, () => this.policies.set(tenant.id, dto, expected));
  }
}
