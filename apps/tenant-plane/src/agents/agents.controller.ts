import { ApiBearerAuth, ApiTags, type Page, PageQuery, Refuses, UuidPipe, servesOf } from '@atlas/platform';
import {
  type AgentView,
  type AgentWithKeyView,
  type AgentsApi,
  CreateAgentDto,
} from '@atlas/tenant-api/agents';
import { Body, Controller, HttpCode, Param, Query, Req } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser, type TenantRequest } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { type Permission } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { Agents } from './agents';
import { ShowsKey, showingIn } from './shows-key';

const Serves = servesOf<AgentsApi>();
const READ_AGENTS: Permission = { name: 'agents:read', from: 'operator' };
const WRITE_AGENTS: Permission = { name: 'agents:write', from: 'admin' };

@ApiTags('agents')
@ApiBearerAuth()
@Controller()
export class AgentsController {
  constructor(
    private readonly agents: Agents,
    private readonly writes: UserWrites,
  ) {}

  @Requires(WRITE_AGENTS)
  @ShowsKey()
  @Refuses('unprocessable')
  @Serves('POST /api/agents')
  create(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Req() request: TenantRequest,
    @Body() dto: CreateAgentDto,
  ): Promise<AgentWithKeyView> {
    return this.writes.by(tenant.id, user, async () => {
      const agent = await this.agents.create(tenant.id, dto, showingIn(request));
      return { agent, key: null };
    });
  }

  @Requires(READ_AGENTS)
  @Serves('GET /api/agents')
  list(@CurrentTenant() tenant: Tenant, @Query() query: PageQuery): Promise<Page<AgentView>> {
    return this.agents.list(tenant.id, query);
  }

  @Requires(WRITE_AGENTS)
  @HttpCode(200)
  @ShowsKey()
  @Serves('POST /api/agents/:id/rotate-key')
  rotateKey(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Req() request: TenantRequest,
    @Param('id', UuidPipe) id: string,
  ): Promise<AgentWithKeyView> {
    return this.writes.by(tenant.id, user, async () => {
      const agent = await this.agents.rotateKey(tenant.id, id, showingIn(request));
      return { agent, key: null };
    });
  }

  @Requires(WRITE_AGENTS)
  @Serves('DELETE /api/agents/:id')
  @HttpCode(204)
  delete(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
  ): Promise<void> {
    return this.writes.by(tenant.id, user, () => this.agents.delete(tenant.id, id));
  }
}
