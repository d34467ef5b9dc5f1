import { ADMIN_PASSWORD, type TestStack, request } from '@atlas/testing';
import { PLANE_PATHS } from '@atlas/plane-contract';
import { ServingPlane } from '../blast/serving-plane';
import { type Caller, withHeaders } from './caller';
import { type Operation, titleOf } from './operations';
import { type FuzzRequest } from './requests';
import { type RealValues } from './values';

type Listed = { readonly items: readonly { readonly id: string }[] };

/** Operations that an enrolled tenant plane calls with a signed request. */
const SIGNED = ['/api/tenant-planes/self/', PLANE_PATHS.enrol, PLANE_PATHS.chatCompletions];
/** Operations that need an operator's session instead of an API key. */
const IN_PERSON = ['/api/auth/sessions', '/api/auth/password', '/api/auth/logout'];

/**
 * Calls each operation with the credentials that it requires: an API key with every scope, an operator's
 * session, or a tenant plane's signature.
 */
export class ControlPlaneCaller implements Caller {
  readonly plane = 'control-plane';
  private session: Promise<string> | undefined;

  private constructor(
    private readonly stack: TestStack,
    private readonly home: ServingPlane,
    private readonly operator: string,
    private readonly real: Readonly<Record<string, RealValues>>,
  ) {}

  get url(): string {
    return this.stack.controlPlane.url;
  }

  static async at(stack: TestStack): Promise<ControlPlaneCaller> {
    const home = await ServingPlane.enrolled(stack, 100_000);
    const operator = 'in-person@example.com';
    await accountOf(stack, operator);
    return new ControlPlaneCaller(stack, home, operator, await toBreak(stack, home));
  }

  realOf({ path }: Operation): RealValues {
    return Object.entries(this.real).find(([prefix]) => path.startsWith(prefix))?.[1] ?? {};
  }

  async own(operation: Operation, asked: FuzzRequest): Promise<FuzzRequest> {
    const { path } = operation;
    if (SIGNED.some((prefix) => path === prefix || (prefix.endsWith('/') && path.startsWith(prefix))))
      return this.signed(asked);
    const token = IN_PERSON.some((prefix) => path.startsWith(prefix))
      ? await this.sessionFor(titleOf(operation))
      : this.stack.apiKey;
    return withHeaders(asked, { authorization: `Bearer ${token}` });
  }

  /** Signs the URL as the server will parse it. */
  private signed(asked: FuzzRequest): FuzzRequest {
    const { pathname, search } = new URL(asked.target, this.url);
    const target = `${pathname}${search}`;
    const { headers } = this.home.signed.sign(asked.method, target, asked.body.toString());
    return withHeaders({ ...asked, target }, headers);
  }

  /** Each logout request uses a new session, because a logout revokes the session used for it. */
  private async sessionFor(title: string): Promise<string> {
    if (title.endsWith('/logout')) return this.signIn();
    return (this.session ??= this.signIn());
  }

  private async signIn(): Promise<string> {
    const body = { email: this.operator, password: ADMIN_PASSWORD };
    return (await request<{ token: string }>(`${this.url}/api/auth/login`, { body })).body.token;
  }
}

async function accepted<T>(stack: TestStack, path: string, body: object): Promise<T> {
  const answer = await stack.api<T>(path, { body });
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

async function accountOf(stack: TestStack, email: string): Promise<string> {
  const body = { email, role: 'support', password: ADMIN_PASSWORD };
  return (await accepted<{ id: string }>(stack, '/api/operators', body)).id;
}

/** Ids of tenants, planes, jobs and accounts that the requests may damage, by path prefix. */
async function toBreak(stack: TestStack, home: ServingPlane): Promise<Readonly<Record<string, RealValues>>> {
  const [one] = [await home.provisioned('fuzzed-one'), await home.provisioned('fuzzed-two')];
  for (const model of ['dedicated', 'on_prem'])
    await stack.provision(slugOf(model), { body: { deployment_model: model } });
  const other = await ServingPlane.enrolled(stack, 10);
  const { id: expected } = await stack.registerCell({ capacity: 1 });
  const victim = 'victim@example.com';
  const operator = await accountOf(stack, victim);
  const key = await accepted<{ id: string }>(stack, '/api/api-keys', { name: 'a', scopes: ['jobs:read'] });
  const subscription = { url: 'https://hooks.invalid/', events: ['job.failed'] };
  const subscribed = await accepted<{ id: string }>(stack, '/api/event-subscriptions', subscription);
  const idsOf = async (path: string) => (await stack.api<Listed>(path)).body.items.map(({ id }) => id);
  const [tenants, jobs] = [await idsOf('/api/tenants'), await idsOf('/api/provisioning-jobs')];
  const slugs = ['fuzzed-one', 'fuzzed-two', slugOf('dedicated'), slugOf('on_prem')];
  const everywhere: RealValues = {
    confirm_slug: slugs,
    region: ['local'],
    email: [victim],
    host: [new URL(one.url).host],
    tenant_plane_id: [other.id],
    version: ['0.1.0'],
    scopes: [['jobs:read'], ['jobs:read', 'jobs:write']],
  };
  return {
    '/api/tenants': { ...everywhere, id: tenants, id_or_slug: [...tenants, ...slugs], cursor: tenants },
    '/api/tenant-planes/self': { slug: slugs, tenant_plane_id: [home.id] },
    '/api/tenant-planes': { ...everywhere, id: [other.id, expected], cursor: [other.id] },
    '/api/provisioning-jobs': { id: jobs, tenant_id: tenants, cursor: jobs },
    '/api/operators': { id: [operator] },
    '/api/api-keys': { ...everywhere, id: [key.id], operator_id: [operator] },
    '/api/event-subscriptions': { id: [subscribed.id], url: [subscription.url], cursor: [subscribed.id] },
    '/api/ai': { tenant_plane_id: [home.id] },
    '/': everywhere,
  };
}

const slugOf = (model: string): string => `fuzzed-${model.replace('_', '-')}`;
