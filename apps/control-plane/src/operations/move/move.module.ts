import { Module } from '@nestjs/common';
import { AccountsModule } from '../../accounts/accounts.module';
import { AuditModule } from '../../audit/audit.module';
import { DesiredStateModule } from '../../desired-state/desired-state.module';
import { EnrolmentModule } from '../../enrolment/enrolment.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { RegistryModule } from '../../registry/registry.module';
import { TenantsModule } from '../../tenants/tenants.module';
import { TransfersModule } from '../../transfers/transfers.module';
import { AwaitCopyStep } from './await-copy.step';
import { AwaitImportStep } from './await-import.step';
import { CutOverStep } from './cut-over.step';
import { FreezeStep } from './freeze.step';
import { HomeChange } from './home-change';
import { MoveController } from './move.controller';
import { Moves } from './moves';
import { OpenTransferStep } from './open-transfer.step';
import { ReopenCopyStep } from './reopen-copy.step';

const STEPS = [AwaitCopyStep, AwaitImportStep, CutOverStep, FreezeStep, OpenTransferStep, ReopenCopyStep];

@Module({
  imports: [
    AccountsModule,
    AuditModule,
    DesiredStateModule,
    EnrolmentModule,
    LifecycleModule,
    ProvisioningJobsModule,
    RegistryModule,
    TenantsModule,
    TransfersModule,
  ],
  controllers: [MoveController],
  providers: [HomeChange, Moves, ...stepProviders(STEPS)],
})
export class MoveModule {}
