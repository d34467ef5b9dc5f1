import { Database } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Module } from '@nestjs/common';
import { ProvisioningJobsModule } from '../provisioning-jobs/provisioning-jobs.module';
import { KeyUses } from './key-uses';
import { PlaneTurns } from './plane-turns';
import { PreviousSecretUses } from './previous-secret-uses';
import { PostgresNonces } from './request-nonces/postgres-nonces';
import { RequestNonces } from './request-nonces/request-nonces';
import { SqliteNonces } from './request-nonces/sqlite-nonces';
import { ServiceKeys } from './service-keys';
import { WaitingCalls } from './waiting-calls';

function createNonces(database: Database, clock: Clock): RequestNonces | Promise<RequestNonces> {
  return database.driver === 'postgres'
    ? new PostgresNonces(database, clock)
    : SqliteNonces.load(database, clock);
}

@Module({
  imports: [ProvisioningJobsModule],
  providers: [
    { provide: RequestNonces, inject: [Database, Clock], useFactory: createNonces },
    KeyUses,
    PlaneTurns,
    PreviousSecretUses,
    ServiceKeys,
    WaitingCalls,
  ],
  exports: [RequestNonces, KeyUses, PlaneTurns, PreviousSecretUses, ServiceKeys, WaitingCalls],
})
export class ServiceKeysModule {}
