import {
  type ProbeRequest,
  type Route,
  type RouteLine,
  type Sender,
  controlOf,
  isAsMeant,
  isReading,
  lineOf,
  nameOf,
  tenantPlaneLines,
} from '@atlas/isolation';
import { type TestStack } from '@atlas/testing';
import { type TenantWithCanary, tenantWithCanary } from '../isolation/tenants';
import { OF_ACTOR, OLD } from '../revoking/passwords';
import { tenantUsers } from '../revoking/tenant-users';
import { type TenantRows } from '../tenant-rows';
import { type Prepared, type Write } from './tried';

/** Columns that change in the background, independently of the request. */
const BEHIND = /"(?:position|hash|last_used_at)":(?:"[^"]*"|null|\d+),?/g;

/** Rows that an export adds after it has responded. */
const LATER = /^export_chunks |"action":"export\.finished"/;

interface Asked {
  readonly session?: string;
  readonly body?: object;
}

/** Calls every route of the Tenant Plane that writes, each route for a separate tenant. */
export class TenantPlaneWrites {
  /** Creates what a request requires but a tenant does not have by default. */
  private readonly special: Readonly<Record<string, (party: TenantWithCanary['party']) => Promise<Asked>>> = {
    'POST /api/auth/signup-exchange': async (party) => {
      const body = { email: 'invited@example.com', role: 'operator' };
      const { url } = await this.call<{ url: string }>(party, '/api/auth/invite', { body });
      return { body: { token: new URL(url).hash.slice('#token='.length), password: OLD } };
    },
    'POST /api/auth/reset-password': async ({ tenantId }) => {
      const [user] = await tenantUsers(this.disk, tenantId, 1);
      return { body: { token: user?.resetToken, password: OF_ACTOR } };
    },
    'POST /api/auth/password': async ({ tenantId }) => {
      const [user] = await tenantUsers(this.disk, tenantId, 1);
      return { session: user?.current.token, body: { current_password: OLD, new_password: OF_ACTOR } };
    },
    'DELETE /api/identity-provider': async (party) => {
      const body = { issuer: 'https://login.invalid', client_id: 'losing' };
      await this.call(party, '/api/identity-provider', { method: 'PUT', body });
      return {};
    },
  };

  constructor(
    private readonly stack: TestStack,
    private readonly sender: Sender,
    private readonly disk: TenantRows,
  ) {}

  of(routes: readonly Route[]): Write[] {
    const lines = tenantPlaneLines(routes);
    return routes.flatMap((route): Write[] => {
      const line = lineOf(lines, route);
      if (!line || isReading(line) || line.audience === 'plane') return [];
      const isKeyed = line.isRepeatable === true;
      return [{ name: nameOf(route), isKeyed, prepare: () => this.prepare(route, line) }];
    });
  }

  private async prepare(route: Route, line: RouteLine): Promise<Prepared> {
    const { party } = await tenantWithCanary(this.stack, 'losing');
    const special = this.special[nameOf(route)];
    const asked = await special?.(party);
    const control = controlOf(route, line, party);
    if (!control) throw new Error(`The tenant has no object for ${nameOf(route)}.`);
    const request = asked ? asking(control.request, asked) : control.request;
    return {
      send: (headers) => this.sender.send({ ...request, headers: { ...request.headers, ...headers } }),
      isMeant: (status) => (asked ? status < 300 : isAsMeant(control, status)),
      rows: async () => {
        const rows = await this.disk.of(party.tenantId);
        return rows.filter((row) => !LATER.test(row)).map((row) => row.replaceAll(BEHIND, ''));
      },
    };
  }

  private async call<T>(
    { slug, session }: TenantWithCanary['party'],
    path: string,
    asked: { readonly method?: string; readonly body: object },
  ): Promise<T> {
    const { status, body } = await this.stack.tenant<T>(slug, path, { session, ...asked });
    if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }
}

function asking(request: ProbeRequest, { session, body }: Asked): ProbeRequest {
  const headers = {
    ...request.headers,
    ...(session !== undefined && { authorization: `Bearer ${session}` }),
  };
  return { ...request, headers, ...(body && { body: JSON.stringify(body) }) };
}
