import { profileOf } from '@atlas/deployment-profiles';
import { plannedTenantUrl } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { DatabaseUrls } from '../desired-state/database-urls';
import { type TenantPlane } from '../registry/tenant-plane.entity';
import { type Tenant } from '../registry/tenant.entity';

/** Maintains the columns of a tenant's row that describe its home. */
@Injectable()
export class TenantAddresses {
  constructor(
    private readonly urls: DatabaseUrls,
    private readonly config: ControlPlaneConfig,
  ) {}

  at(
    plane: TenantPlane,
    { id, slug }: Tenant,
  ): Pick<Tenant, 'deploymentModel' | 'url' | 'endpointUrl' | 'dbUrlSealed'> {
    const isTheirs = profileOf(plane.deploymentModel).installRequired;
    const url = isTheirs ? plane.endpointUrl : plannedTenantUrl(slug, this.config.TENANT_BASE_DOMAIN);
    return { ...this.urls.ofPlane(id, plane), deploymentModel: plane.deploymentModel, url };
  }

  /**
   * The fields in which the tenant's row differs from its plane's row. A
   * database that is recorded only in the tenant's row does not count.
   */
  differences(plane: TenantPlane, tenant: Tenant): string[] {
    const isOther = (field: 'url' | 'endpointUrl' | 'deploymentModel'): boolean =>
      expected[field] !== tenant[field];
    const expected = this.at(plane, tenant);
    const dbUrl = this.urls.open(tenant) ?? '';
    return [
      ...(isOther('url') ? ['url'] : []),
      ...(isOther('endpointUrl') ? ['endpoint_url'] : []),
      ...(isOther('deploymentModel') ? ['deployment_model'] : []),
      ...(plane.dbUrlSealed !== null && !this.urls.ofPlaneIs(plane, dbUrl) ? ['db_url'] : []),
    ];
  }
}
