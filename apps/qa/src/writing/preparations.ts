import { type Party } from '@atlas/isolation';
import { type TestStack } from '@atlas/testing';
import { OF_ACTOR, OLD } from './passwords';
import { tenantUsers } from './tenant-users';
import { type TenantRows } from '../tenant-rows';

/** What a call needs, other than what every tenant has. */
export interface Preparation {
  /** Objects that the call names, by their kind. */
  readonly subjects?: Party['subjects'];
  readonly body?: Readonly<Record<string, unknown>>;
}

/**
 * `party` makes the call, with the key if the call needs one. `owner` is another admin of the same tenant.
 */
type Prepare = (party: Party, owner: Party, key: string) => Promise<Preparation>;

/** Creates what calls need. */
export class Preparations {
  private readonly needs: Readonly<Record<string, Prepare>> = {
    'POST /api/auth/signup-exchange': async (_, owner) => {
      const body = { email: `invited-${owner.slug}@example.com`, role: 'operator' };
      const { url } = await this.ask<{ url: string }>(owner, '/api/auth/invite', body);
      return { body: { token: new URL(url).hash.slice('#token='.length), password: OLD } };
    },
    'POST /api/auth/reset-password': async ({ tenantId }) => {
      const [user] = await tenantUsers(this.disk, tenantId, 1);
      return { body: { token: user?.resetToken, password: OF_ACTOR } };
    },
    'POST /api/auth/password': async () => ({ body: { current_password: OLD, new_password: OF_ACTOR } }),
    'DELETE /api/identity-provider': async (_, owner) => {
      const body = { issuer: 'https://login.invalid', client_id: 'prepared' };
      await this.ask(owner, '/api/identity-provider', body, 'PUT');
      return {};
    },
    'POST /api/automation/jobs/:id/approve': async (_, owner) => this.riskyRun(owner, 'approve'),
    'POST /api/automation/jobs/:id/reject': async (_, owner) => this.riskyRun(owner, 'reject'),
    'POST /api/automation/jobs/:id/retry': async (party, owner) => {
      const { key } = await this.ask<{ key: string }>(owner, '/api/agents', { name: 'failing' });
      const { job_id, lease_id } = await this.claimed(party, owner, { name: 'fail', key });
      const failed = { lease_id, finished: true, exit_code: 1 };
      await this.ask({ ...party, session: key }, '/api/agent/results', failed);
      return { subjects: { run: job_id } };
    },
    'POST /api/automation/jobs/:id/complete': async (_, owner) => this.manualRun(owner),
    'POST /api/automation/jobs/:id/cancel': async (_, owner) => {
      const { subjects } = await this.manualRun(owner);
      return { subjects };
    },
    'POST /api/agent/claim': async (party, owner, key) => {
      await this.queued(party, owner, { name: 'claim', key });
      return {};
    },
    'POST /api/agent/results': async (party, owner, key) => {
      const { lease_id } = await this.claimed(party, owner, { name: 'report', key });
      return { body: { lease_id, finished: true, exit_code: 0 } };
    },
  };

  constructor(
    private readonly stack: TestStack,
    private readonly disk: TenantRows,
  ) {}

  async for(name: string, ...parties: Parameters<Prepare>): Promise<Preparation> {
    return (await this.needs[name]?.(...parties)) ?? {};
  }

  /** Calls the plane on behalf of a user, or of a program if `session` is its key. */
  async ask<T>(
    { slug, session }: Pick<Party, 'slug' | 'session'>,
    path: string,
    body: object,
    method = 'POST',
  ): Promise<T> {
    const answer = await this.stack.tenant<T>(slug, path, { session, body, method });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  private async manualRun(owner: Party): Promise<RunPreparation> {
    return this.run(owner, { name: 'look', kind: 'manual', risk: 'low', config: { instructions: 'Look.' } });
  }

  /**
   * A run that waits for an approval by someone other than `owner`. Its step is for the agents of that name.
   */
  private async riskyRun(owner: Party, name: string): Promise<RunPreparation> {
    const config = { command: 'act' };
    return this.run(owner, { name, kind: 'shell', risk: 'critical', config, agent_selector: { name } });
  }

  /** A run whose step waits for this agent. */
  private async queued(party: Party, owner: Party, { name, key }: AgentWithKey): Promise<void> {
    const about = { version: '0', hostname: name, labels: { name } };
    await this.ask({ ...party, session: key }, '/api/agent/heartbeat', about);
    const { subjects, body } = await this.riskyRun(owner, name);
    await this.ask(party, `/api/automation/jobs/${subjects.run}/approve`, body);
  }

  /** A step that this agent has begun. */
  private async claimed(party: Party, owner: Party, agent: AgentWithKey): Promise<Claimed> {
    await this.queued(party, owner, agent);
    return this.ask<Claimed>({ ...party, session: agent.key }, '/api/agent/claim', {});
  }

  private async run(owner: Party, step: Step): Promise<RunPreparation> {
    const runbook = await this.ask<Thing>(owner, '/api/runbooks', { name: step.name, steps: [step] });
    const { id } = await this.ask<Thing>(owner, `/api/runbooks/${runbook.id}/runs`, {});
    return { subjects: { run: id }, body: { step: step.name } };
  }
}

interface AgentWithKey {
  readonly name: string;
  readonly key: string;
}

interface Claimed {
  readonly job_id: string;
  readonly lease_id: string;
}

interface Thing {
  readonly id: string;
}

interface Step {
  readonly name: string;
  readonly kind: 'manual' | 'shell';
  readonly risk: 'low' | 'critical';
  readonly config: object;
  readonly agent_selector?: object;
}

interface RunPreparation {
  readonly subjects: { readonly run: string };
  readonly body: { readonly step: string };
}
