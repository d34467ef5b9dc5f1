import { StepRegistry } from '@atlas/jobs';
import { Module, type OnModuleInit } from '@nestjs/common';
import { ProvisioningJobsModule } from '../provisioning-jobs/provisioning-jobs.module';
import { requireSteps } from '../provisioning-jobs/step-names';
import { DeprovisionModule } from './deprovision/deprovision.module';
import { DrainModule } from './drain/drain.module';
import { MoveModule } from './move/move.module';
import { ProvisionModule } from './provision/provision.module';
import { RemoveCopyModule } from './remove-copy/remove-copy.module';
import { RestoreModule } from './restore/restore.module';
import { RotateSecretModule } from './rotate-secret/rotate-secret.module';
import { SuspendModule } from './suspend/suspend.module';
import { UpgradeModule } from './upgrade/upgrade.module';
import { WarmPoolModule } from './warm-pool/warm-pool.module';

/** The modules of all operations. */
const OPERATIONS = [
  ProvisionModule,
  SuspendModule,
  MoveModule,
  RemoveCopyModule,
  DeprovisionModule,
  RestoreModule,
  RotateSecretModule,
  UpgradeModule,
  DrainModule,
  WarmPoolModule,
];

@Module({ imports: [ProvisioningJobsModule, ...OPERATIONS], exports: OPERATIONS })
export class OperationsModule implements OnModuleInit {
  constructor(private readonly registry: StepRegistry) {}

  onModuleInit(): void {
    requireSteps(this.registry);
  }
}
