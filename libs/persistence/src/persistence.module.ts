import { databaseState } from '@atlas/platform';
import {
  type DynamicModule,
  Inject,
  Injectable,
  Logger,
  Module,
  type OnApplicationShutdown,
  type Type,
} from '@nestjs/common';
import { TypeOrmModule, getDataSourceToken } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { createDataSource } from './connection/data-source';
import { Database } from './database/database';
import { type DatabaseOptions, migrateFirst, openDatabase } from './opening/open-database';
import { ProcessLock } from './sqlite/process-lock';
import { TenantDatabase } from './tenants/tenant-scope';

const OPTIONS = Symbol('DATABASE_OPTIONS');
const LOCK = Symbol('PROCESS_LOCK');

@Injectable()
class DatabaseLifetime implements OnApplicationShutdown {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(LOCK) private readonly lock: ProcessLock | null,
  ) {}

  /** Runs last, because other parts may still write while they shut down. */
  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
    await this.lock?.release();
  }
}

/** One plane's database: migrated before it is opened, and closed at shutdown. */
@Module({})
export class PersistenceModule {
  static forConfig<T>(config: Type<T>, optionsOf: (config: T) => DatabaseOptions): DynamicModule {
    return {
      module: PersistenceModule,
      global: true,
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [config],
          useFactory: (given: T) => {
            const { target, schema, ...pool } = optionsOf(given);
            return {
              ...createDataSource(target, schema, pool).options,
              retryAttempts: 0,
              manualInitialization: true,
            };
          },
        }),
      ],
      providers: [
        { provide: OPTIONS, inject: [config], useFactory: optionsOf },
        {
          provide: LOCK,
          inject: [OPTIONS],
          useFactory: ({ target }: DatabaseOptions) =>
            target.driver === 'sqlite' ? ProcessLock.take(target.file) : null,
        },
        {
          provide: Database,
          // Depends on the lock, so that the lock is taken first.
          inject: [OPTIONS, getDataSourceToken(), LOCK],
          useFactory: async (options: DatabaseOptions, dataSource: DataSource) => {
            await migrateFirst(options);
            return openDatabase(options, dataSource);
          },
        },
        TenantDatabase,
        DatabaseLifetime,
      ],
      exports: [Database, TenantDatabase],
    };
  }
}

/** A health check: whether the database responds and, as far as known, can store data. */
export async function databaseHealth(database: Database) {
  try {
    await database.ping();
    return { database: { status: 'up' as const, driver: database.driver } };
  } catch (error) {
    new Logger('DatabaseHealth').warn(`The database check failed: ${(error as Error).message}`);
    return { database: { status: 'down' as const, ...databaseState(error) } };
  }
}
