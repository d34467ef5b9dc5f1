import { Throttle } from '@atlas/persistence';
import { type DynamicModule, Module } from '@nestjs/common';
import { PlaneSchema } from './plane-schema';

/** Provides, globally, the schema of the plane's database and the rate limits that are counted in it. */
@Module({})
export class DatabaseModule {
  static holding(schema: PlaneSchema): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [{ provide: PlaneSchema, useValue: schema }, Throttle],
      exports: [PlaneSchema, Throttle],
    };
  }
}
