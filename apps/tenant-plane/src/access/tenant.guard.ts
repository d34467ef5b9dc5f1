import { TenantDatabase } from '@atlas/persistence';
import { DomainError, IS_PUBLIC, currentContext, refuseOtherSites } from '@atlas/platform';
import { type Module } from '@atlas/tenancy';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Permission, requirePermission } from '../credentials/permission';
import {
  type ProvenSession,
  SessionAuthentication,
  sessionClaim,
  unauthenticated,
} from '../credentials/session-authentication';
import { TenantEntitlements } from '../entitlements/entitlements';
import { TenantResolution } from '../tenancy/tenant-resolution';
import { requireActive } from '../tenancy/tenant-standing';
import { type Tenant } from '../tenancy/tenant.entity';
import { claimedKey, keyRefused } from './claimed-key';
import { ACCESS, type Access, type KeyAccess, MODULE } from './requires';
import { SessionCookie } from './session-cookie';
import { TenantCrossings } from './tenant-crossings';
import { type TenantRequest } from './tenant-request';
import { TenantRouter } from './tenant-router';

interface Found {
  readonly session?: ProvenSession;
  readonly tenant: Tenant | null;
}

type UserAccess = Exclude<Access, KeyAccess>;

/**
 * Every request needs a tenant and, unless its route says otherwise, a signed-in user of that tenant.
 * Requests to a route without an access rule are refused.
 */
@Injectable()
export class TenantGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly sessions: SessionAuthentication,
    private readonly resolution: TenantResolution,
    private readonly router: TenantRouter,
    private readonly tenants: TenantDatabase,
    private readonly crossings: TenantCrossings,
    private readonly cookie: SessionCookie,
    private readonly entitlements: TenantEntitlements,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(IS_PUBLIC, places)) return true;
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, places);
    if (!access) throw new DomainError('forbidden', 'forbidden', 'This route declares no access rule.');
    const request = context.switchToHttp().getRequest<TenantRequest>();
    if (typeof access === 'string' || !('keyOf' in access)) await this.admitUser(request, access);
    else if (access.orUsersWith && !claimedKey(request, access.keyOf))
      await this.admitUser(request, access.orUsersWith);
    else await this.admitKey(request, access);
    const module = this.reflector.getAllAndOverride<Module | undefined>(MODULE, places);
    if (module && request.tenant) await this.entitlements.requireUsable(request.tenant, module);
    return true;
  }

  private async admitUser(request: TenantRequest, access: UserAccess): Promise<void> {
    const isLoginNeeded = access !== 'anybody' && access !== 'anybody-even-without-tenant';
    const credential = isLoginNeeded ? this.cookie.credentialOf(request.headers) : undefined;
    if (credential?.isCookie) refuseOtherSites(request);
    const { session, tenant } = await this.lookUp(request, access, credential?.token).catch(
      (error: unknown) => this.sentOn(error, request),
    );
    if (tenant) admit(request, tenant, session);
    if (isLoginNeeded) requireAccess(session, access);
    if (request.user && isLoginNeeded && access !== 'any-user')
      request.user = { ...request.user, requires: access };
  }

  /** A caller without a valid key cannot tell whether a tenant exists here. */
  private async admitKey(request: TenantRequest, { keyOf: kind }: KeyAccess): Promise<void> {
    const key = claimedKey(request, kind);
    if (!key) throw keyRefused();
    const hints = { host: request.headers.host, header: headerOf(request), claim: key.tenantId };
    const tenant = await this.resolution
      .resolve(hints)
      .catch((error: unknown) => this.sentOn(error, request))
      .catch((error: unknown) => {
        throw error instanceof DomainError && error.code === 'tenant_not_found' ? keyRefused() : error;
      });
    requireActive(tenant);
    request.key = key;
    const context = currentContext();
    if (context) context.tenantId = tenant.id;
  }

  /**
   * The tenant may have moved away since the request arrived. Its sessions may then be unknown here but valid
   * at its new home.
   */
  private async sentOn(error: unknown, request: TenantRequest): Promise<never> {
    const mayBeElsewhere =
      error instanceof DomainError && ['tenant_not_found', 'unauthenticated'].includes(error.code);
    const location = mayBeElsewhere ? await this.router.elsewhere(request) : null;
    if (location === null) throw error;
    throw new DomainError(
      'tenant_moved',
      'elsewhere',
      'This tenant has moved to another tenant plane.',
      {},
      { location },
    );
  }

  /** Finds the caller and the tenant in one database round trip. The session is checked first. */
  private async lookUp(
    request: TenantRequest,
    access: UserAccess,
    token: string | undefined,
  ): Promise<Found> {
    const claim = token === undefined ? undefined : sessionClaim(token);
    const hints = { host: request.headers.host, header: headerOf(request), claim };
    const resolve = (): Promise<Tenant | null> =>
      access === 'anybody-even-without-tenant'
        ? this.resolution.resolveIfThere(hints)
        : this.resolution.resolve(hints);
    if (claim === undefined || token === undefined) return { tenant: await resolve() };
    const [session, tenant] = await this.tenants.read(claim, (scope) =>
      Promise.allSettled([this.sessions.prove(scope, token), resolve()]),
    );
    if (session.status === 'rejected') throw session.reason;
    if (tenant.status === 'fulfilled') return { session: session.value, tenant: tenant.value };
    await this.crossings.note(session.value, hints);
    throw tenant.reason;
  }
}

function admit(request: TenantRequest, tenant: Tenant, session: ProvenSession | undefined): void {
  requireActive(tenant);
  request.tenant = tenant;
  request.user = session?.user;
  const context = currentContext();
  if (!context) return;
  context.tenantId = tenant.id;
  if (session) context.actor = { kind: 'user', id: session.user.id };
}

function requireAccess(session: ProvenSession | undefined, access: Permission | 'any-user'): void {
  if (!session) throw unauthenticated();
  if (access !== 'any-user') requirePermission(session.user.role, access);
}

function headerOf(request: TenantRequest): string | undefined {
  const header = request.headers['x-tenant-id'];
  return Array.isArray(header) ? header.join(', ') : header;
}
