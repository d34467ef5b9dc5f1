import {
  AtomicSteps,
  FaultPoints,
  GraphileQueue,
  InProcessQueue,
  JobCarrier,
  JobEndings,
  JobHost,
  JobQueue,
  JobWaker,
  Jobs,
  StepContexts,
  StepRegistry,
} from '@atlas/jobs';
import { Database, databaseTarget } from '@atlas/persistence';
import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { OutboxModule } from '../outbox/outbox.module';
import { JobSecrets } from './job-secrets';
import { JobStarter } from './job-starter';
import { ProvisioningHost } from './provisioning-host';
import { ProvisioningJobs } from './provisioning-jobs';
import { ProvisioningWaker } from './provisioning-waker';
import { ReportedJobs } from './reported-jobs';

function createQueue(config: ControlPlaneConfig, database: Database): JobQueue {
  const target = databaseTarget(config.CONTROL_PLANE_DATABASE_URL);
  return target.driver === 'postgres'
    ? new GraphileQueue(target.url, config.CONTROL_PLANE_MIGRATION_DATABASE_URL)
    : new InProcessQueue(database);
}

@Module({
  imports: [AuditModule, OutboxModule],
  providers: [
    AtomicSteps,
    JobCarrier,
    JobEndings,
    JobSecrets,
    JobStarter,
    ProvisioningHost,
    ProvisioningJobs,
    ProvisioningWaker,
    ReportedJobs,
    StepContexts,
    StepRegistry,
    { provide: JobQueue, inject: [ControlPlaneConfig, Database], useFactory: createQueue },
    {
      provide: FaultPoints,
      inject: [ControlPlaneConfig],
      useFactory: (config: ControlPlaneConfig) => new FaultPoints(config.ATLAS_FAULT_POINT),
    },
    // The job engine injects these by their abstract classes.
    { provide: JobHost, useExisting: ProvisioningHost },
    { provide: JobWaker, useExisting: ProvisioningWaker },
    { provide: Jobs, useExisting: ProvisioningJobs },
  ],
  exports: [
    AtomicSteps,
    FaultPoints,
    JobCarrier,
    JobEndings,
    JobHost,
    JobQueue,
    JobStarter,
    JobWaker,
    Jobs,
    ProvisioningJobs,
    ProvisioningWaker,
    ReportedJobs,
    StepContexts,
    StepRegistry,
  ],
})
export class ProvisioningJobsModule {}
