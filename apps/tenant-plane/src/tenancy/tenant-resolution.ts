import { DomainError } from '@atlas/platform';
import { tenantSlugOfHost } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { Deployment } from '../plane-identity/deployment';
import { TenantDirectory } from './tenant-directory';
import { type Tenant } from './tenant.entity';

export interface TenantHints {
  readonly host: string | undefined;
  /** The `x-tenant-id` header: an ID or a slug. */
  readonly header: string | undefined;
  /** The tenant that a session or link token names. */
  readonly claim: string | undefined;
}

/** Hints are never proof. All hints given must name the same tenant, and an unknown name is refused. */
@Injectable()
export class TenantResolution {
  constructor(
    private readonly directory: TenantDirectory,
    private readonly deployment: Deployment,
    private readonly config: TenantPlaneConfig,
  ) {}

  /** Throws `tenant_not_found` if there is no hint, the tenant is unknown, or the hints disagree. */
  async resolve(hints: TenantHints): Promise<Tenant> {
    const tenant = await this.agreed(hints);
    if (!tenant) throw tenantNotFound();
    return tenant;
  }

  /** Like {@link resolve}, but null on a single-tenant plane whose tenant is not provisioned yet. */
  async resolveIfThere(hints: TenantHints): Promise<Tenant | null> {
    const tenant = await this.agreed(hints);
    if (!tenant && !this.deployment.profile.tenantFixed) throw tenantNotFound();
    return tenant;
  }

  async isServed(tenantId: string): Promise<boolean> {
    return (await this.directory.find(tenantId)) !== null;
  }

  private async agreed({ host, header, claim }: TenantHints): Promise<Tenant | null> {
    const slug = tenantSlugOfHost(host, this.config.TENANT_BASE_DOMAIN) ?? undefined;
    const names = [slug, header, claim].filter((name) => name !== undefined);
    if (names.length === 0 && !this.deployment.profile.tenantFixed) return null;
    const { served } = await this.directory.locate(names);
    if (!served && names.length > 0) throw tenantNotFound();
    return served;
  }
}

/** Users read it too, in place of the page. It does not reveal whether the tenant ever existed. */
export function tenantNotFound(): DomainError {
  const detail =
    'There is no workspace at this address. It may have been removed, or have moved to an address that is ' +
    'not known here. Check the address against the one in your invitation email. If it used to work, get ' +
    'the new address from whoever runs Atlas for you. Programs name their tenant by its host name or in ' +
    'x-tenant-id. The guides are at /help, and the API is described at /docs.';
  return new DomainError('tenant_not_found', 'not_found', detail);
}
