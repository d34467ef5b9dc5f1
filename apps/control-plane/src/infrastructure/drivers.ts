import { classesIn } from '@atlas/platform';
import { Inject, Injectable, type Provider } from '@nestjs/common';
import { DRIVER_NAMES, type DriverName } from '../config/control-plane.config';
import { InfrastructureDriver } from './drivers/infrastructure-driver';

const ALL_DRIVERS = Symbol('ALL_DRIVERS');

/** Finds drivers by name. A plane keeps the driver that created it. */
@Injectable()
export class Drivers {
  /** @throws Error unless each name has exactly one driver. */
  constructor(@Inject(ALL_DRIVERS) private readonly drivers: readonly InfrastructureDriver[]) {
    for (const name of DRIVER_NAMES) this.get(name);
  }

  get(name: DriverName): InfrastructureDriver {
    const [driver, ...others] = this.drivers.filter((one) => one.name === name);
    if (!driver || others.length > 0)
      throw new Error(`There must be exactly one infrastructure driver named ${name}.`);
    return driver;
  }
}

const DRIVERS = classesIn(__dirname, 'driver', InfrastructureDriver);

export const DRIVER_PROVIDERS: Provider[] = [
  ...DRIVERS,
  Drivers,
  {
    provide: ALL_DRIVERS,
    inject: DRIVERS,
    useFactory: (...drivers: InfrastructureDriver[]) => drivers,
  },
];
