import { Injectable } from '@nestjs/common';
import { InfrastructureDriver } from './infrastructure-driver';

/** A person makes the infrastructure and records it (`PUT /api/tenants/:id/infrastructure`). */
@Injectable()
export class ManualDriver extends InfrastructureDriver {
  async plan(): Promise<readonly string[]> {
    return ['Nothing by itself: a person creates database and tenant plane, and records them'];
  }

  async create(): Promise<null> {
    return null;
  }

  async destroy(): Promise<void> {
    // What a person made, a person removes.
  }
}
