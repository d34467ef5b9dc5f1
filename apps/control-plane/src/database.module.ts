import {
  type DatabaseOptions,
  Database,
  InProcessSignals,
  PersistenceModule,
  PostgresSignals,
  SecretBox,
  Signals,
  Throttle,
  databaseTarget,
  parseSealingKeys,
} from '@atlas/persistence';
import { Global, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { ControlPlaneConfig } from './config/control-plane.config';
import { CONTROL_PLANE_SCHEMA } from './schema';

export function databaseOptions(config: ControlPlaneConfig): DatabaseOptions {
  const owner = config.CONTROL_PLANE_MIGRATION_DATABASE_URL;
  return {
    target: databaseTarget(config.CONTROL_PLANE_DATABASE_URL),
    migrationTarget: owner === undefined ? undefined : databaseTarget(owner),
    schema: CONTROL_PLANE_SCHEMA,
  };
}

async function startSignals(database: Database, config: ControlPlaneConfig): Promise<Signals> {
  const target = databaseTarget(config.CONTROL_PLANE_DATABASE_URL);
  const signals =
    target.driver === 'postgres' ? new PostgresSignals(database, target.url) : new InProcessSignals(database);
  await signals.start();
  return signals;
}

@Injectable()
class SignalsLifetime implements OnApplicationShutdown {
  constructor(@Inject(Signals) private readonly signals: Signals) {}

  async onApplicationShutdown(): Promise<void> {
    await this.signals.stop();
  }
}

@Global()
@Module({
  imports: [PersistenceModule.forConfig(ControlPlaneConfig, databaseOptions)],
  providers: [
    { provide: Signals, inject: [Database, ControlPlaneConfig], useFactory: startSignals },
    {
      provide: SecretBox,
      inject: [ControlPlaneConfig],
      useFactory: (config: ControlPlaneConfig) =>
        new SecretBox(parseSealingKeys(config.CONTROL_PLANE_SEALING_KEYS)),
    },
    SignalsLifetime,
    Throttle,
  ],
  exports: [SecretBox, Signals, Throttle],
})
export class DatabaseModule {}
