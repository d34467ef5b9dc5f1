import { Repeatable } from '@atlas/persistence';
import { ApiBearerAuth, ApiTags, type Page, PageQuery, Refuses, UuidPipe, servesOf } from '@atlas/platform';
import {
  type AgentView,
  type AgentWithKeyView,
  type AgentsApi,
  CreateAgentDto,
} from '@atlas/tenant-api/agents';
import { RotateKeyDto } from '@atlas/tenant-api/data-sources';
import { Body, Controller, HttpCode, Param, Query } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { type Permission } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { Agents } from './agents';

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
  @Repeatable({ forRepeats: withoutKey })
  @Refuses('unprocessable')
  @Serves('POST /api/agents')
  create(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Body() dto: CreateAgentDto,
  ): Promise<AgentWithKeyView> {
    return this.writes.by(tenant.id, user, () => this.agents.create(tenant.id, dto));
  }

  @Requires(READ_AGENTS)
  @Serves('GET /api/agents')
  list(@CurrentTenant() tenant: Tenant, @Query() query: PageQuery): Promise<Page<AgentView>> {
    return this.agents.list(tenant.id, query);
  }

  @Requires(READ_AGENTS)
  @Serves('GET /api/agents/:id')
  get(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<AgentView> {
    return this.agents.get(tenant.id, id);
  }

  @Requires(WRITE_AGENTS)
  @HttpCode(200)
  @Repeatable({ forRepeats: withoutKey })
  @Serves('POST /api/agents/:id/rotate-key')
  rotateKey(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: RotateKeyDto,
  ): Promise<AgentWithKeyView> {
    return this.writes.by(tenant.id, user, () => this.agents.rotateKey(tenant.id, id, dto));
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

/** Keys are shown once, so an answer is stored without its key. */
function withoutKey(answer: Record<string, unknown>): Record<string, unknown> {
  return { ...answer, key: null };
}
