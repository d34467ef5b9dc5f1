import { FIXTURES } from '@atlas/isolation';
import { type AgentWithKeyView } from '@atlas/tenant-api/agents';
import { type DataSourceWithKeyView, DATA_SOURCE_KINDS } from '@atlas/tenant-api/data-sources';
import { ADMIN_PASSWORD, type SessionView, type TestStack } from '@atlas/testing';
import { type TenantWithCanary, tenantWithCanary } from '../isolation/tenants';
import { type Caller, withHeaders } from './caller';
import { type Operation } from './operations';
import { type FuzzRequest } from './requests';
import { type RealValues } from './values';

/**
 * Operations that would revoke the caller's own session. They are called with another tenant's session
 * instead.
 */
const OF_ITS_OWN = ['/api/auth/logout', '/api/auth/password'];

/** A tenant's admin. */
export class TenantPlaneCaller implements Caller {
  readonly plane = 'tenant-plane';

  private constructor(
    private readonly stack: TestStack,
    private readonly tenant: TenantWithCanary,
    private readonly other: TenantWithCanary,
    private readonly invited: readonly string[],
    /** The keys of data sources, by their kind, and the key of an agent. */
    private readonly keys: Readonly<Record<string, string>>,
  ) {}

  get url(): string {
    return this.stack.tenantPlanes[0]?.url ?? '';
  }

  static async at(stack: TestStack): Promise<TenantPlaneCaller> {
    const [tenant, other] = [
      await tenantWithCanary(stack, 'fuzzed'),
      await tenantWithCanary(stack, 'beside'),
    ];
    const { slug, session } = tenant.party;
    const invitation = { email: 'invited@example.com', role: 'requester' };
    await stack.tenant(slug, '/api/auth/invite', { session, body: invitation });
    const { body } = await stack.tenant<{ items: { id: string }[] }>(slug, '/api/users', { session });
    const invited = body.items.map(({ id }) => id).filter((id) => id !== tenant.party.subjects['user']);
    const keys: Record<string, string> = {};
    for (const kind of DATA_SOURCE_KINDS) {
      const source = await stack.tenant<DataSourceWithKeyView>(slug, '/api/data-sources', {
        session,
        body: { name: kind, kind },
      });
      keys[kind] = source.body.key ?? '';
    }
    const agent = await stack.tenant<AgentWithKeyView>(slug, '/api/agents', {
      session,
      body: { name: 'fuzzed' },
    });
    keys['agent'] = agent.body.key ?? '';
    return new TenantPlaneCaller(stack, tenant, other, invited, keys);
  }

  realOf({ path }: Operation): RealValues {
    const { subjects } = this.tenant.party;
    const everywhere = { email: ['invited@example.com'], type: ['probe'] };
    if (path.startsWith('/api/users')) return { ...everywhere, id: this.invited, cursor: this.invited };
    if (path === '/api/audit') return { cursor: [subjects['auditEvent']] };
    if (path.startsWith('/api/onboarding')) return { step: ['invite_team', 'first_incident'] };
    const [, kind = ''] = /^\/api\/ingest\/([a-z]+)/.exec(path) ?? [];
    if (kind) return { ...everywhere, key: [this.keys[kind]] };
    const thing = thingAt(path);
    return { ...everywhere, id: [subjects[thing]], cursor: [subjects[thing]] };
  }

  async own({ path }: Operation, asked: FuzzRequest): Promise<FuzzRequest> {
    if (path.startsWith('/api/agent/'))
      return withHeaders(asked, { authorization: `Bearer ${this.keys['agent']}` });
    const isOfItsOwn = OF_ITS_OWN.includes(path);
    const { party } = isOfItsOwn ? this.other : this.tenant;
    const session = path === OF_ITS_OWN[0] ? await this.signIn() : party.session;
    return withHeaders(asked, { authorization: `Bearer ${session}`, 'x-tenant-id': party.slug });
  }

  private async signIn(): Promise<string> {
    const { slug, credentials } = this.other.party;
    const body = { email: credentials?.email, password: ADMIN_PASSWORD };
    return (await this.stack.tenant<SessionView>(slug, '/api/auth/token', { body })).body.token;
  }
}

/** The kind of object that a path is about. */
function thingAt(path: string): string {
  const all = FIXTURES.flatMap(({ thing, path: collection, routes = {} }) => [
    { thing, collection },
    ...Object.entries(routes).map(([name, { lists }]) => ({
      thing: lists,
      collection: name.split(' ')[1] ?? '',
    })),
  ]);
  return all.find(({ thing, collection }) => thing && path.startsWith(collection))?.thing ?? 'incident';
}
