import { type DynamicModule, Module } from '@nestjs/common';
import { PlaneSchema } from './plane-schema';

/** Tells everybody what the plane's database holds. */
@Module({})
export class DatabaseModule {
  static holding(schema: PlaneSchema): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [{ provide: PlaneSchema, useValue: schema }],
      exports: [PlaneSchema],
    };
  }
}
