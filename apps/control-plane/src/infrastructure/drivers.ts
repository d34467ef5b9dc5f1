import { Inject, Injectable, type Provider, type Type } from '@nestjs/common';
import { type DriverName } from '../config/driver-names';
import { type InfrastructureDriver } from './drivers/infrastructure-driver';
import { LocalDriver } from './drivers/local/local.driver';
import { ManualDriver } from './drivers/manual.driver';
import { TerraformDriver } from './drivers/terraform/terraform.driver';

/** All infrastructure drivers. */
const DRIVERS: Readonly<Record<DriverName, Type<InfrastructureDriver>>> = {
  local: LocalDriver,
  terraform: TerraformDriver,
  manual: ManualDriver,
};

const DRIVER_MAP = Symbol('DRIVER_MAP');
const names = Object.entries(DRIVERS) as [DriverName, Type<InfrastructureDriver>][];

/** The drivers by name. A plane keeps the driver that created it. */
@Injectable()
export class Drivers {
  constructor(@Inject(DRIVER_MAP) private readonly drivers: ReadonlyMap<DriverName, InfrastructureDriver>) {}

  get(name: DriverName): InfrastructureDriver {
    const driver = this.drivers.get(name);
    if (!driver) throw new Error(`There is no infrastructure driver named ${name}.`);
    return driver;
  }
}

export const DRIVER_PROVIDERS: Provider[] = [
  ...Object.values(DRIVERS),
  Drivers,
  {
    provide: DRIVER_MAP,
    inject: names.map(([, type]) => type),
    useFactory: (...drivers: InfrastructureDriver[]) =>
      new Map(drivers.map((driver, index) => [names[index]?.[0], driver])),
  },
];
