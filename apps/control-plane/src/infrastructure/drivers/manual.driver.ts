import { Injectable } from '@nestjs/common';
import { InfrastructureDriver } from './infrastructure-driver';

/** A person creates the infrastructure and records it (`PUT /api/tenants/:id/infrastructure`). */
@Injectable()
export class ManualDriver extends InfrastructureDriver {
  readonly name = 'manual';

  async plan(): Promise<readonly string[]> {
    return ['Nothing automatic: a person creates the database and the tenant plane, then records them'];
  }

  async create(): Promise<null> {
    return null;
  }

  async destroy(): Promise<void> {
    // Removes nothing, because the person who created the infrastructure also removes it.
  }
}
