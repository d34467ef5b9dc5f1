import { Refuses, ApiBearerAuth, ApiTags, servesOf } from '@atlas/platform';
import { ConsentToMoveDto, type DeploymentApi, type MoveView } from '@atlas/tenant-api/deployment';
import { Body, Controller, HttpCode } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { type Permission } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { Moves } from './moves';

const Serves = servesOf<DeploymentApi>();
const MOVE_TENANT: Permission = { name: 'tenant:move', from: 'admin' };

/** The tenant's consent to a move out of the customer's network. */
@ApiTags('moves')
@ApiBearerAuth()
@Requires(MOVE_TENANT)
@Controller()
export class MovesController {
  constructor(
    private readonly moves: Moves,
    private readonly writes: UserWrites,
  ) {}

  @Serves('GET /api/moves')
  async list(@CurrentTenant() tenant: Tenant): Promise<{ items: MoveView[] }> {
    return { items: await this.moves.list(tenant.id) };
  }

  @Serves('POST /api/moves/consent')
  @Refuses('conflict')
  @HttpCode(200)
  consent(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Body() { transfer_id: seenId }: ConsentToMoveDto,
  ): Promise<MoveView> {
    return this.writes.by(tenant.id, user, () => this.moves.consent(tenant.id, seenId));
  }
}
