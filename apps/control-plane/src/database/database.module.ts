import {
  type DatabaseOptions,
  Database,
  InProcessSignals,
  PostgresSignals,
  SecretBox,
  Signals,
  databaseTarget,
  openDatabase,
  parseSealingKeys,
} from '@atlas/persistence';
import { Global, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { ControlPlaneConfig } from '../control-plane.config';
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
class DatabaseLifetime implements OnApplicationShutdown {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Signals) private readonly signals: Signals,
  ) {}

  /** The last to go: what drains before may still write. */
  async onApplicationShutdown(): Promise<void> {
    await this.signals.stop();
    await this.database.close();
  }
}

@Global()
@Module({
  providers: [
    {
      provide: Database,
      inject: [ControlPlaneConfig],
      useFactory: (config: ControlPlaneConfig) => openDatabase(databaseOptions(config)),
    },
    { provide: Signals, inject: [Database, ControlPlaneConfig], useFactory: startSignals },
    {
      provide: SecretBox,
      inject: [ControlPlaneConfig],
      useFactory: (config: ControlPlaneConfig) =>
        new SecretBox(parseSealingKeys(config.CONTROL_PLANE_SEALING_KEYS)),
    },
    DatabaseLifetime,
  ],
  exports: [Database, Signals, SecretBox],
})
export class DatabaseModule {}
