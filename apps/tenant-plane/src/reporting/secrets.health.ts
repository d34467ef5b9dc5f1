import { Injectable } from '@nestjs/common';
import { TenantKeys } from '../tenant-secrets/tenant-keys';
import { type Finding, HealthCheck, ok } from './health-check';

/** Whether the plane can decrypt the secrets that its tenants have stored. */
@Injectable()
export class SecretsHealth extends HealthCheck {
  readonly name = 'secrets';

  constructor(private readonly keys: TenantKeys) {
    super();
  }

  async find(): Promise<Finding> {
    if (!(await this.keys.isAnyLost())) return ok();
    return {
      status: 'failing',
      detail:
        'It cannot decrypt secrets that a tenant has stored, because it no longer has the ' +
        'INTERNAL_SERVICE_SECRET that protects them. Start it with that secret as ' +
        'INTERNAL_SERVICE_SECRET_PREVIOUS, or have the tenant enter its secrets again',
    };
  }
}
