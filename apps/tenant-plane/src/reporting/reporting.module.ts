import { Module, type Type } from '@nestjs/common';
import { ControlPlaneClientModule } from '../control-plane-client/control-plane-client.module';
import { MailModule } from '../mail/mail.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { TenantSecretsModule } from '../tenant-secrets/tenant-secrets.module';
import { ClockHealth } from './clock.health';
import { DatabaseHealth } from './database.health';
import { DiskHealth } from './disk.health';
import { type HealthCheck } from './health-check';
import { KeyHealth } from './key.health';
import { LinkState } from './link-state';
import { LinkHealth } from './link.health';
import { HEALTH_CHECKS, PlaneHealth } from './plane-health';
import { QueueHealth } from './queue.health';
import { ReportedEntries } from './reported-entries';
import { Reporter } from './reporter';
import { SecretsHealth } from './secrets.health';
import { UsageReports } from './usage-reports';

/** All health checks of a plane. */
const CHECKS: readonly Type<HealthCheck>[] = [
  DatabaseHealth,
  DiskHealth,
  QueueHealth,
  ClockHealth,
  LinkHealth,
  KeyHealth,
  SecretsHealth,
];

/** What the plane reports to the Control Plane: applied entries and its health. */
@Module({
  imports: [ControlPlaneClientModule, MailModule, PlaneIdentityModule, TenantSecretsModule],
  providers: [
    ...CHECKS,
    { provide: HEALTH_CHECKS, inject: [...CHECKS], useFactory: (...checks: HealthCheck[]) => checks },
    LinkState,
    PlaneHealth,
    ReportedEntries,
    Reporter,
    UsageReports,
  ],
  exports: [LinkState, ReportedEntries, Reporter, UsageReports],
})
export class ReportingModule {}
