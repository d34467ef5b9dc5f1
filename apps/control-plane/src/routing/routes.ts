import { Database } from '@atlas/persistence';
import { type TenantRoute } from '@atlas/plane-contract';
import { DomainError } from '@atlas/platform';
import { tenantSlugOfHost } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { Placement } from '../registry/placement.entity';
import { Tenant } from '../registry/tenant.entity';

/** Resolves a host to the tenant plane that serves its tenant. */
@Injectable()
export class Routes {
  constructor(
    private readonly database: Database,
    private readonly config: ControlPlaneConfig,
  ) {}

  async ofHost(host: string): Promise<TenantRoute & { host: string }> {
    const slug = tenantSlugOfHost(host, this.config.TENANT_BASE_DOMAIN);
    const route = slug === null ? null : await this.ofSlug(slug);
    if (route) return { host, ...route };
    throw new DomainError('no_route', 'not_found', 'No tenant is served at this host.');
  }

  /** Null if the tenant does not exist or no plane serves it. */
  ofSlug(slug: string): Promise<TenantRoute | null> {
    return this.database.read(async (manager) => {
      const tenant = await manager.findOneBy(Tenant, { slug, holdsSlug: true });
      if (!tenant?.endpointUrl) return null;
      const home = await manager.findOneBy(Placement, { tenantId: tenant.id, holdsPlace: true });
      if (!home || home.entryRevision === 0) return null;
      return {
        tenant_id: tenant.id,
        slug,
        tenant_plane_id: home.tenantPlaneId,
        deployment_model: tenant.deploymentModel,
        endpoint_url: tenant.endpointUrl,
      };
    });
  }
}
