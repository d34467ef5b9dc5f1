import { plannedTenantUrl } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { Deployment } from '../plane-identity/deployment';
import { type Tenant } from './tenant.entity';

/**
 * A tenant's URLs, built from configuration alone. If they were built from a request's host, an attacker
 * could have another user's secret sent to a host of their choice. Secrets are in the fragment, which never
 * reaches a server's log.
 */
@Injectable()
export class TenantUrls {
  constructor(
    private readonly config: TenantPlaneConfig,
    private readonly deployment: Deployment,
  ) {}

  home({ slug }: Pick<Tenant, 'slug'>): string {
    const own = this.deployment.profile.installRequired ? this.config.endpointUrl : undefined;
    return own ?? plannedTenantUrl(slug, this.config.TENANT_BASE_DOMAIN);
  }

  invitation(tenant: Tenant, token: string): string {
    return `${this.home(tenant)}/signup#token=${token}`;
  }

  passwordReset(tenant: Tenant, token: string): string {
    return `${this.home(tenant)}/reset-password#token=${token}`;
  }
}
