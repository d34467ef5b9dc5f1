import { type TenantRoute, PLANE_PATHS, TENANT_PLANE_ID_PARAMETER } from '@atlas/plane-contract';
import { Clock } from '@atlas/platform';
import { tenantSlugOfHost } from '@atlas/tenancy';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { SessionCookie } from '../accounts/session-cookie';
import { claimedTenant } from '../accounts/session-token';
import { ControlPlaneClient } from '../control-plane-link/control-plane-client';
import { PlaneIdentities } from '../control-plane-link/plane-identities';
import { Deployment } from '../deployment/deployment';
import { TenantPlaneConfig } from '../tenant-plane.config';
import { TenantDirectory } from './tenant-directory';

const TIMEOUT_MS = 3000;
const KNOWN_MS = 30_000;
const UNKNOWN_MS = 5000;
const MAX_KEPT = 10_000;
/** Whoever makes names up gets no more of the Control Plane's time than this many questions at once. */
const MAX_ASKED = 8;

interface Kept {
  readonly url: string | null;
  readonly readAt: number;
}

/**
 * A shared plane is the tenants' router: a host whose tenant lives elsewhere is sent there (307, so that method and body
 * stay). Without the Control Plane it goes by what it has learned before. Any plane sends on who asks for a tenant that has
 * moved away from it.
 */
@Injectable()
export class TenantRouter implements OnModuleInit {
  private readonly kept = new Map<string, Kept>();
  private readonly asked = new Map<string, Promise<string | null>>();

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

  /** Where the request has to go. Null for what is answered here: tenants that are served here, and who names nobody. */
  async elsewhere(request: Pick<FastifyRequest, 'headers' | 'url'>): Promise<string | null> {
    // The absolute form (RFC 9112 section 3.2.2) would put a second host behind the first.
    if (!request.url.startsWith('/')) return null;
    const origin = await this.originElsewhere(request.headers);
    return origin === null ? null : `${origin}${request.url}`;
  }

  private async originElsewhere(headers: FastifyRequest['headers']): Promise<string | null> {
    const slug = tenantSlugOfHost(headers.host, this.config.TENANT_BASE_DOMAIN) ?? undefined;
    const { tenantFixed } = this.deployment.profile;
    const name = slug ?? this.nameIn(headers);
    if (name === undefined && !tenantFixed) return null;
    if (await (name === undefined ? this.directory.only() : this.directory.find(name))) return null;
    const moved = await this.directory.moved(name);
    if (moved?.movedTo) return new URL(moved.movedTo).origin;
    return tenantFixed || slug === undefined ? null : this.routeOf(slug);
  }

  private async routeOf(slug: string): Promise<string | null> {
    const kept = this.kept.get(slug);
    const age = this.clock.now().getTime() - (kept?.readAt ?? 0);
    if (kept && age < (kept.url === null ? UNKNOWN_MS : KNOWN_MS)) return kept.url;
    return this.ask(slug).catch(() => kept?.url ?? null);
  }

  /** One question a name, however many ask. */
  private ask(slug: string): Promise<string | null> {
    const known = this.asked.get(slug);
    if (known) return known;
    if (this.asked.size >= MAX_ASKED) return Promise.resolve(null);
    const question = this.lookUp(slug).finally(() => this.asked.delete(slug));
    this.asked.set(slug, question);
    return question;
  }

  private async lookUp(slug: string): Promise<string | null> {
    const { tenantPlaneId } = this.identities.current;
    if (this.config.isOffline || tenantPlaneId === null) return null;
    const route = await this.client.call<TenantRoute | Record<string, never>>({
      method: 'GET',
      path: `${PLANE_PATHS.routes}/${slug}`,
      query: { [TENANT_PLANE_ID_PARAMETER]: tenantPlaneId },
      timeoutMs: TIMEOUT_MS,
      mustBeSigned: true,
    });
    // One that shall be served here, but is not yet, is not sent round in a circle.
    const isElsewhere = route !== null && route.tenant_plane_id !== tenantPlaneId;
    const url = isElsewhere && route.endpoint_url ? new URL(route.endpoint_url).origin : null;
    if (this.kept.size >= MAX_KEPT) this.kept.clear();
    this.kept.set(slug, { url, readAt: this.clock.now().getTime() });
    return url;
  }

  /** The tenant that the header or the session's claim names. Neither is proven yet: nobody learns more than an address. */
  private nameIn(headers: FastifyRequest['headers']): string | undefined {
    const header = headers['x-tenant-id'];
    if (typeof header === 'string') return header;
    const token = this.cookie.credentialOf(headers)?.token;
    return token === undefined ? undefined : (claimedTenant('session', token) ?? undefined);
  }
}
