import {
  FIXTURES,
  type Party,
  type Route,
  type RouteLine,
  type SentRequest,
  atHome,
  isReading,
  lineOf,
  nameOf,
  requestOf,
  tenantPlaneLines,
} from '@atlas/isolation';
import { ADMIN_PASSWORD, type TestStack } from '@atlas/testing';
import { documentOf } from '../fuzzing/operations';
import { type TenantWithCanary, tenantWithCanary } from '../isolation/tenants';
import { type TenantUser, tenantUsers } from './tenant-users';
import { type TenantRows } from '../tenant-rows';
import { ImportedArchives } from './imported-archives';
import { Preparations } from './preparations';
import { refusalOf } from './refused-calls';

/** A route that writes, from the committed API description. */
export interface WritingRoute extends Route {
  readonly line: RouteLine;
  /** Whether the route takes an Idempotency-Key. */
  readonly isKeyed: boolean;
}

/** One call of a writing route, with everything that it needs. */
export interface TenantCall {
  readonly name: string;
  readonly isKeyed: boolean;
  /** The tenant that it writes to. */
  readonly tenantId: string;
  readonly request: SentRequest;
  readonly caller: Caller;
  /**
   * Whether the call only ends the caller's session. It then succeeds even if the session has ended already.
   */
  readonly isSignOut: boolean;
  /** Whether the status is the expected one. */
  isMeant(status: number): boolean;
}

/** Whose access admits a call. */
interface Caller {
  readonly kind: CallerKind;
  readonly session: string;
  /** Where an admin changes the user, or removes the object that the key belongs to. */
  readonly path: string;
  /** Another admin of the same tenant. */
  readonly owner: Party;
  /** The session of another user, who has the least powerful role. */
  readonly requester: string;
}

/** A program with a key, or nobody, if the call is one with which a user gains access. */
export type CallerKind = 'user' | 'key' | 'nobody';

interface UsersOfCall {
  readonly admin: TenantUser;
  readonly requester: TenantUser;
}

/** All routes of the Tenant Plane that write. Throws if a route has neither a fixture nor a line. */
export function writingRoutes(): WritingRoute[] {
  const operations = documentOf('tenant-plane').operations.map(({ method, path, parameters }) => ({
    method,
    path: path.replaceAll(/\{(\w+)\}/g, ':$1'),
    isKeyed: parameters.some(({ name }) => name.toLowerCase() === 'idempotency-key'),
  }));
  const lines = tenantPlaneLines(operations);
  const routes = operations.flatMap((operation): WritingRoute[] => {
    const line = lineOf(lines, operation);
    if (!line) throw new Error(`${nameOf(operation)} has neither a fixture nor a line.`);
    return isReading(line) || line.audience === 'plane' ? [] : [{ ...operation, line }];
  });
  // Removals come last, because other calls need the objects.
  return routes.sort((one, other) => Number(one.line.removes ?? false) - Number(other.line.removes ?? false));
}

/**
 * Calls of writing routes. Each is made by a user or key of its own, so that calls do not affect each other.
 */
export class TenantCalls {
  private readonly preparations: Preparations;
  private readonly archives: ImportedArchives;

  constructor(
    private readonly stack: TestStack,
    private readonly disk: TenantRows,
  ) {
    this.preparations = new Preparations(stack, disk);
    this.archives = new ImportedArchives(stack);
  }

  /** A tenant that calls can be made for. */
  tenant(): Promise<TenantWithCanary> {
    return tenantWithCanary(this.stack, 'writing');
  }

  /** One call of each route, all for the same tenant, except imports. */
  async of(routes: readonly WritingRoute[], { party: owner }: TenantWithCanary): Promise<TenantCall[]> {
    const users = await this.usersOf(owner, routes.length);
    const calls: TenantCall[] = [];
    for (const [at, route] of routes.entries()) {
      const ofRoute = users[at];
      if (ofRoute) calls.push(await this.by(ofRoute, route, owner));
    }
    return calls;
  }

  private async usersOf({ tenantId }: Party, count: number): Promise<UsersOfCall[]> {
    const admins = await tenantUsers(this.disk, tenantId, count, 'admin');
    const requesters = await tenantUsers(this.disk, tenantId, count, 'requester');
    return admins.flatMap((admin, at) => {
      const requester = requesters[at];
      return requester ? [{ admin, requester }] : [];
    });
  }

  private async by(users: UsersOfCall, route: WritingRoute, owner: Party): Promise<TenantCall> {
    const name = nameOf(route);
    if (name === 'POST /api/imports') return this.importing(route);
    const { line, isKeyed } = route;
    const key = line.keyOf && (await this.keyOf(line.keyOf, line.keyHolder, owner));
    const party = partyOf(users.admin, owner);
    const needed = await this.preparations.for(name, party, owner, key?.value ?? '');
    const about = { ...party, subjects: { ...party.subjects, ...needed.subjects } };
    const spelling = { ...atHome(party), key: key?.value, body: needed.body };
    const request = requestOf(route, line, { own: about, about }, spelling);
    if (!request) throw new Error(`The tenant has no object for ${name}.`);
    const refusal = refusalOf(name);
    return {
      name,
      isKeyed,
      tenantId: owner.tenantId,
      request,
      caller: { ...callerOf(users, owner, line), ...(key && { path: key.path }) },
      isSignOut: line.endsSession === true && callerKindOf(line) === 'user',
      isMeant: (status) => (refusal ? status === refusal.status : status < 300 && status > 0),
    };
  }

  /** An import needs a tenant without operational data. */
  private async importing(route: WritingRoute): Promise<TenantCall> {
    const { party: owner, archive } = await this.archives.emptyTenant();
    const [users] = await this.usersOf(owner, 1);
    if (!users) throw new Error('No user was created.');
    const party = partyOf(users.admin, owner);
    const probe = requestOf(route, route.line, { own: party, about: party }, atHome(party));
    if (!probe) throw new Error('No request was created.');
    return {
      name: nameOf(route),
      isKeyed: route.isKeyed,
      tenantId: owner.tenantId,
      request: { ...probe, headers: { ...probe.headers, 'content-type': 'application/gzip' }, body: archive },
      caller: callerOf(users, owner, route.line),
      isSignOut: false,
      isMeant: (status) => status === 202,
    };
  }

  /** A new object whose key the route requires, and the path of that object. */
  private async keyOf(
    thing: string,
    holder: RouteLine['keyHolder'],
    owner: Party,
  ): Promise<{ value: string; path: string }> {
    const fixture = FIXTURES.find((one) => one.thing === thing);
    if (!fixture) throw new Error(`There is no fixture for ${thing}.`);
    type Answer = { id?: string; key: string } & Record<string, { id?: string } | undefined>;
    const body = { ...fixture.body('writing'), ...holder };
    const answer = await this.preparations.ask<Answer>(owner, fixture.path, body);
    const { id } = answer[fixture.inside ?? ''] ?? answer;
    return { value: answer.key, path: `${fixture.path}/${id}` };
  }
}

function partyOf({ email, current, other }: TenantUser, owner: Party): Party {
  const signupToken = owner.credentials?.signupToken ?? '';
  const credentials = { email, password: ADMIN_PASSWORD, refreshToken: other.refresh, signupToken };
  return { ...owner, session: current.token, credentials };
}

export function callerKindOf({ keyOf, audience }: RouteLine): CallerKind {
  if (keyOf) return 'key';
  return audience === 'anybody' ? 'nobody' : 'user';
}

function callerOf({ admin, requester }: UsersOfCall, owner: Party, line: RouteLine): Caller {
  const sessions = { session: admin.current.token, requester: requester.current.token };
  return { ...sessions, kind: callerKindOf(line), path: `/api/users/${admin.id}`, owner };
}
