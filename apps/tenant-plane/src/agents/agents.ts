import { TenantDatabase, type TenantScope, lockedForUpdate } from '@atlas/persistence';
import { Clock, DomainError, type Page, PageQuery, pageOf } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { type AgentView, type AgentWithKeyView, CreateAgentDto } from '@atlas/tenant-api/agents';
import { RotateKeyDto } from '@atlas/tenant-api/data-sources';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { overlapping } from '../credentials/previous-keys';
import { hashToken, mintToken } from '../credentials/tenant-token';
import { Quotas } from '../entitlements/quotas';
import { isLabels } from '../runbooks/runbook-definition';
import { Agent } from './agent.entity';
import { agentView } from './agent.view';

@Injectable()
export class Agents {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly audit: Audit,
    private readonly quotas: Quotas,
    private readonly clock: Clock,
  ) {
    quotas.on('agents', (scope) => scope.query(Agent, 'agent').getCount());
  }

  /** Throws `invalid_labels` and `quota_exceeded`. */
  async create(tenantId: string, { name, labels }: CreateAgentDto): Promise<AgentWithKeyView> {
    if (labels) requireLabels(labels);
    return this.tenants.write(tenantId, async (scope) => {
      const now = this.clock.now();
      const key = mintToken('agent', tenantId);
      const agent: Agent = {
        tenantId,
        id: uuidv7(now),
        name: name.trim(),
        labels: labels ?? null,
        reportedLabels: {},
        keyHash: hashToken(key),
        previousKeys: [],
        version: null,
        hostname: null,
        lastContactAt: null,
        createdAt: now,
      };
      await this.quotas.requireRoom(scope, 'agents');
      await scope.insert(Agent, agent);
      await this.record(scope, 'agent.created', agent);
      return { agent: agentView(agent, now), key };
    });
  }

  list(tenantId: string, { cursor, limit }: PageQuery): Promise<Page<AgentView>> {
    return this.tenants.read(tenantId, async (scope) => {
      const query = scope
        .query(Agent, 'agent')
        .orderBy('agent.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('agent.id < :cursor', { cursor });
      const now = this.clock.now();
      return pageOf(await query.getMany(), limit, (agent) => agentView(agent, now));
    });
  }

  /** Throws `agent_not_found`. */
  async get(tenantId: string, id: string): Promise<AgentView> {
    const agent = await this.tenants.read(tenantId, (scope) => scope.findOne(Agent, { id }));
    if (!agent) throw agentNotFound();
    return agentView(agent, this.clock.now());
  }

  /** Waits for the calls that the old key has admitted. Throws `agent_not_found`. */
  rotateKey(tenantId: string, id: string, { revoke_now = false }: RotateKeyDto): Promise<AgentWithKeyView> {
    return this.tenants.write(tenantId, async (scope) => {
      const agent = await lockedAgent(scope, id);
      const now = this.clock.now();
      const key = mintToken('agent', tenantId);
      const rotated: Agent = {
        ...agent,
        keyHash: hashToken(key),
        previousKeys: revoke_now ? [] : overlapping(agent, now),
      };
      await scope.update(Agent, { id }, { keyHash: rotated.keyHash, previousKeys: rotated.previousKeys });
      await this.record(scope, 'agent.key_rotated', agent, { revoke_now });
      return { agent: agentView(rotated, now), key };
    });
  }

  /** Waits for the calls that the key has admitted. Throws `agent_not_found`. */
  delete(tenantId: string, id: string): Promise<void> {
    return this.tenants.write(tenantId, async (scope) => {
      const agent = await lockedAgent(scope, id);
      await scope.delete(Agent, { id });
      await this.record(scope, 'agent.deleted', agent);
    });
  }

  private record(scope: TenantScope, action: string, { id, name }: Agent, more: object = {}): Promise<void> {
    const after = { name, ...more };
    return this.audit.record(scope, { action, targetKind: 'agent', targetId: id, after });
  }
}

/** Throws `invalid_labels`. */
export function requireLabels(labels: Readonly<Record<string, unknown>>): void {
  if (isLabels(labels)) return;
  const detail =
    'labels must be at most 20 names with values, each of 1 to 100 letters, digits and the characters ._/-.';
  throw new DomainError('invalid_labels', 'unprocessable', detail);
}

async function lockedAgent(scope: TenantScope, id: string): Promise<Agent> {
  const agent = await lockedForUpdate(scope.query(Agent, 'agent').andWhere({ id })).getOne();
  if (!agent) throw agentNotFound();
  return agent;
}

function agentNotFound(): DomainError {
  return new DomainError('agent_not_found', 'not_found', 'There is no such agent.');
}
