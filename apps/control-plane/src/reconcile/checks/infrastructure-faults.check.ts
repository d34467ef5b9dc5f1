import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Drivers } from '../../infrastructure/drivers';
import { type InfrastructurePart } from '../../infrastructure/drivers/infrastructure-driver';
import { InfrastructureSubjects, type MadeInfrastructure } from '../subjects/infrastructure-subjects';
import { DriftCheck } from './drift-check';

/**
 * Part of the infrastructure that a driver created is missing
 * or has changed. The driver decides what can be repaired.
 */
@Injectable()
abstract class InfrastructureFaultCheck extends DriftCheck<MadeInfrastructure> {
  protected abstract readonly part: InfrastructurePart;

  constructor(
    readonly subjects: InfrastructureSubjects,
    private readonly drivers: Drivers,
  ) {
    super();
  }

  find({ found, tenant, plane }: MadeInfrastructure): string | null {
    const fault = found.faults[this.part];
    const whose = tenant ? `Tenant ${tenant.slug}` : `Tenant plane ${plane.name}, in the warm pool`;
    return fault === undefined ? null : `${whose}: ${fault}`;
  }

  override repair(manager: EntityManager, { driver, made }: MadeInfrastructure): Promise<boolean> {
    return this.drivers.get(driver).mend(manager, made, this.part);
  }
}

@Injectable()
export class DriverRecordMissingCheck extends InfrastructureFaultCheck {
  readonly kind = 'driver_record_missing';
  protected readonly part = 'record';
}

@Injectable()
export class DatabaseMissingCheck extends InfrastructureFaultCheck {
  readonly kind = 'database_missing';
  protected readonly part = 'database';
}

@Injectable()
export class RoleMissingCheck extends InfrastructureFaultCheck {
  readonly kind = 'role_missing';
  protected readonly part = 'role';
}

@Injectable()
export class ProcessMissingCheck extends InfrastructureFaultCheck {
  readonly kind = 'process_missing';
  protected readonly part = 'process';
}

@Injectable()
export class StateMissingCheck extends InfrastructureFaultCheck {
  readonly kind = 'state_missing';
  protected readonly part = 'state';
}
