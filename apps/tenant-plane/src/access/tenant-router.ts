import { type TenantRoute, PLANE_PATHS, TENANT_PLANE_ID_PARAMETER } from '@atlas/plane-contract';
import { BoundedMap, Clock, isLoopbackUrl } from '@atlas/platform';
import { plannedTenantUrl, tenantSlugOfHost } from '@atlas/tenancy';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { ControlPlaneClient } from '../control-plane-client/control-plane-client';
import { ControlPlaneRefused, ControlPlaneUnreachable } from '../control-plane-client/control-plane.errors';
import { claimedTenant } from '../credentials/tenant-token';
import { Deployment } from '../plane-identity/deployment';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { TenantDirectory } from '../tenancy/tenant-directory';
import { type Tenant } from '../tenancy/tenant.entity';
import { tenantOfKey } from './claimed-key';
import { SessionCookie } from './session-cookie';
import { SharedCalls } from './shared-calls';

const TIMEOUT_MS = 3000;
const KNOWN_MS = 30_000;
const UNKNOWN_MS = 5000;
/** The wait after a failed lookup: longer for a known route than for an unknown host. */
const RETRY_KNOWN_MS = 5000;
const RETRY_UNKNOWN_MS = 1000;
const MAX_KEPT = 10_000;
/** Lookups of unknown hosts have their own limit, so made-up hosts cannot delay refreshes of known routes. */
const MAX_LOOK_UPS = 8;
const MAX_REFRESHES = 32;

/**
 * Requests about the plane itself, served under any host name. If a health probe were redirected, it would
 * report another plane's health.
 */
const OF_THE_PLANE = /^\/(health\/|api\/health($|\?)|metrics($|\?))/;
export const isOfThePlane = (url: string): boolean => OF_THE_PLANE.test(url);

/** A host name under which browsers reach planes on their own machine. */
const LOCAL_HOST = /^(?:[a-z0-9-]+\.)+localhost\.?(?::\d+)?$/i;

type Addressed = Pick<FastifyRequest, 'headers' | 'url'>;

/** The plane that serves a tenant. */
interface Home {
  readonly slug: string;
  readonly origin: string;
}

/** Times are in milliseconds on the monotonic clock. */
interface Route {
  readonly url: string;
  readonly askAgainAt: number;
  /** Whether the last lookup failed. If so, requests use this route without waiting for the next lookup. */
  readonly isDoubtful: boolean;
}

/**
 * A shared plane redirects requests for tenants on other planes, and every plane redirects requests for
 * tenants that have moved away from it. Status 307 preserves the method and body. Known routes stay in use
 * while the Control Plane is unreachable.
 */
@Injectable()
export class TenantRouter implements OnModuleInit {
  private readonly routes = new BoundedMap<string, Route>(MAX_KEPT);
  /**
   * Slugs that no other plane serves, each with the time of its next lookup, in milliseconds on the monotonic
   * clock.
   */
  private readonly unknown = new BoundedMap<string, number>(MAX_KEPT);
  private readonly refreshes = new SharedCalls<string | null>(MAX_REFRESHES);
  private readonly lookUps = new SharedCalls<string | null>(MAX_LOOK_UPS);

  constructor(
    private readonly adapter: HttpAdapterHost,
    private readonly config: TenantPlaneConfig,
    private readonly deployment: Deployment,
    private readonly directory: TenantDirectory,
    private readonly client: ControlPlaneClient,
    private readonly identities: PlaneIdentities,
    private readonly cookie: SessionCookie,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    const server = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    server.addHook('onRequest', async (request, reply) => {
      const elsewhere = await this.elsewhere(request);
      if (elsewhere !== null) return reply.redirect(elsewhere, 307);
    });
  }

  /**
   * The URL to redirect to. Null if this plane must respond, because it serves the tenant itself, the request
   * names no tenant, or no other plane is known to serve the tenant.
   */
  async elsewhere(request: Addressed): Promise<string | null> {
    // A request target in absolute form (RFC 9112, section 3.2.2) already contains a host, so it cannot be
    // appended to an origin.
    if (!request.url.startsWith('/')) return null;
    if (isOfThePlane(request.url)) return null;
    const home = await this.homeElsewhere(request);
    if (home === null) return null;
    const shown = isOfLocalBrowser(request) ? this.originForBrowser(home) : home.origin;
    // Two planes that report the same address would otherwise send a browser around in a circle.
    return isAlreadyAt(shown, request) ? null : `${shown}${request.url}`;
  }

  /**
   * A browser can name its tenant only by the host. So if the tenant's home is on the browser's own machine,
   * the browser is sent to the tenant's host, with the port of the home. The host is never the one that the
   * request contains, because nobody may serve it. Programs get the address itself, because not all of them
   * resolve `*.localhost`.
   */
  private originForBrowser({ slug, origin }: Home): string {
    const planned = plannedTenantUrl(slug, this.config.TENANT_BASE_DOMAIN);
    if (!isLoopbackUrl(planned) || !isLoopbackUrl(origin)) return origin;
    const url = new URL(origin);
    url.hostname = new URL(planned).hostname;
    return url.origin;
  }

  /** How a request names its tenant, if it does. Nothing of it is checked. */
  nameOf(request: Addressed): string | undefined {
    return this.slugIn(request) ?? this.nameIn(request);
  }

  /** The tenant that a request names, if this plane serves it. Whether the caller may is not checked yet. */
  async servedHere(request: Addressed): Promise<Tenant | null> {
    const name = this.nameOf(request);
    if (name === undefined && !this.deployment.profile.tenantFixed) return null;
    return (await this.directory.locate(name === undefined ? [] : [name])).served;
  }

  private async homeElsewhere(request: Addressed): Promise<Home | null> {
    const slug = this.slugIn(request);
    const { tenantFixed } = this.deployment.profile;
    const name = slug ?? this.nameIn(request);
    if (name === undefined && !tenantFixed) return null;
    const { served, moved } = await this.directory.locate(name === undefined ? [] : [name]);
    if (served) return null;
    if (moved?.movedTo) return { slug: moved.slug, origin: new URL(moved.movedTo).origin };
    const origin = tenantFixed || slug === undefined ? null : await this.routeOf(slug);
    return slug === undefined || origin === null ? null : { slug, origin };
  }

  private async routeOf(slug: string): Promise<string | null> {
    const now = this.clock.monotonicMs();
    const known = this.routes.get(slug);
    if (known) {
      if (now < known.askAgainAt) return known.url;
      const refresh = this.refreshes.call(slug, () => this.refresh(slug, known));
      return known.isDoubtful || !refresh ? known.url : refresh;
    }
    if (now < (this.unknown.get(slug) ?? 0)) return null;
    return this.lookUps.call(slug, () => this.firstLookUp(slug)) ?? null;
  }

  private firstLookUp(slug: string): Promise<string | null> {
    return this.learn(slug).catch((error: unknown) => {
      // Does not pause after a refusal. A refusal is cheap, and may correct this plane's clock offset, so
      // that the next call succeeds.
      if (!(error instanceof ControlPlaneRefused))
        this.unknown.set(slug, this.clock.monotonicMs() + RETRY_UNKNOWN_MS);
      return null;
    });
  }

  /** Keeps the known route if the lookup fails. */
  private refresh(slug: string, { url }: Route): Promise<string | null> {
    return this.learn(slug).catch(() => {
      const askAgainAt = this.clock.monotonicMs() + RETRY_KNOWN_MS;
      this.routes.set(slug, { url, askAgainAt, isDoubtful: true });
      return url;
    });
  }

  /** Throws if the lookup fails. */
  private async learn(slug: string): Promise<string | null> {
    const url = await this.lookUp(slug);
    const now = this.clock.monotonicMs();
    if (url === null) {
      this.routes.delete(slug);
      this.unknown.set(slug, now + UNKNOWN_MS);
    } else {
      this.unknown.delete(slug);
      this.routes.set(slug, { url, askAgainAt: now + KNOWN_MS, isDoubtful: false });
    }
    return url;
  }

  private async lookUp(slug: string): Promise<string | null> {
    const { tenantPlaneId } = this.identities.current;
    if (this.config.isOffline || tenantPlaneId === null)
      throw new ControlPlaneUnreachable('This tenant plane is offline, or has not enrolled yet.');
    const route = await this.client.call<TenantRoute | Record<string, never>>({
      egress: { class: 'tenant_route', path: ['slug'] },
      method: 'GET',
      path: `${PLANE_PATHS.routes}/${slug}`,
      query: { [TENANT_PLANE_ID_PARAMETER]: tenantPlaneId },
      timeoutMs: TIMEOUT_MS,
      mustBeSigned: true,
    });
    // Requests for a tenant that is placed here but not served yet must not be redirected in a loop.
    const isElsewhere = route !== null && route.tenant_plane_id !== tenantPlaneId;
    return isElsewhere && route.endpoint_url ? new URL(route.endpoint_url).origin : null;
  }

  private slugIn({ headers }: Addressed): string | undefined {
    return tenantSlugOfHost(headers.host, this.config.TENANT_BASE_DOMAIN) ?? undefined;
  }

  /**
   * The tenant that the header names, or that the session token or the key claims. None of them is verified,
   * because a redirect reveals only an address.
   */
  private nameIn(request: Addressed): string | undefined {
    const { headers } = request;
    const header = headers['x-tenant-id'];
    if (typeof header === 'string') return header;
    const token = this.cookie.credentialOf(headers)?.token;
    const claimed = token === undefined ? null : claimedTenant('session', token);
    return claimed ?? tenantOfKey(request);
  }
}

function isOfLocalBrowser({ headers }: Addressed): boolean {
  return LOCAL_HOST.test(headers.host ?? '') && (headers.accept?.includes('text/html') ?? false);
}

/** Proxies may add the default port to the host of a request, and anyone may write it in another way. */
function isAlreadyAt(origin: string, { headers }: Addressed): boolean {
  const { protocol, host } = new URL(origin);
  const own = `${protocol}//${headers.host}`;
  return URL.canParse(own) && withoutDot(new URL(own).host) === withoutDot(host);
}

const withoutDot = (host: string): string => host.replace(/\.(?=:|$)/, '');
