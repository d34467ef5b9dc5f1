import { setTimeout as delay } from 'node:timers/promises';
import { type TestStack, eventually } from '@atlas/testing';

const CHANGES_A_SECOND = 2;
/** After this many changes, one tenant is removed and another is created. */
const REPLACE_EVERY = 10;
const SETTLED_MS = 120_000;

interface Changing {
  id: string;
  slug: string;
  status: 'active' | 'suspended';
}

/** Suspends, resumes, removes and creates tenants at a steady pace, even if the planes fall behind. */
export class LifecycleChanges {
  readonly failures: string[] = [];
  count = 0;
  private tenants: Changing[] = [];
  private made = 0;

  constructor(private readonly stack: TestStack) {}

  async populate(count: number): Promise<void> {
    while (this.tenants.length < count) this.tenants.push(await this.provision());
    for (const { id } of this.tenants) await this.stack.awaitActive(id, SETTLED_MS);
  }

  async keepChanging(durationMs: number): Promise<void> {
    const startedAt = performance.now();
    const changes: Promise<void>[] = [];
    for (let n = 0; performance.now() - startedAt < durationMs; n += 1) {
      const change = this.change(n).catch((error: Error) => void this.failures.push(error.message));
      changes.push(change);
      await delay(startedAt + ((n + 1) * 1000) / CHANGES_A_SECOND - performance.now());
    }
    await Promise.all(changes);
  }

  /** How many tenants have not reached the requested state yet. */
  async unsettled(): Promise<number> {
    const isSettled = async ({ id, status }: Changing): Promise<boolean> => {
      const isIt = async () =>
        (await this.stack.api<{ status: string }>(`/api/tenants/${id}`)).body.status === status;
      return eventually(isIt, { timeoutMs: SETTLED_MS, everyMs: 200 }).catch(() => false);
    };
    const settled = [];
    for (const tenant of this.tenants) settled.push(await isSettled(tenant));
    return settled.filter((one) => !one).length;
  }

  private async change(n: number): Promise<void> {
    this.count += 1;
    const place = n % this.tenants.length;
    const tenant = this.tenants[place] as Changing;
    if (n % REPLACE_EVERY === 0) {
      this.tenants[place] = await this.provision();
      return this.ask(tenant, 'deprovision', { confirm_slug: tenant.slug });
    }
    tenant.status = tenant.status === 'active' ? 'suspended' : 'active';
    return this.ask(tenant, tenant.status === 'active' ? 'resume' : 'suspend', {});
  }

  private async ask({ id }: Changing, operation: string, body: object): Promise<void> {
    const answer = await this.stack.api(`/api/tenants/${id}/${operation}`, { body });
    if (answer.status !== 202)
      throw new Error(`${operation}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  private async provision(): Promise<Changing> {
    const { status, body } = await this.stack.provision(`soaked-${++this.made}`);
    if (status !== 202) throw new Error(`provision: ${status} ${JSON.stringify(body)}`);
    return { id: body.tenant.id, slug: body.tenant.slug, status: 'active' };
  }
}
