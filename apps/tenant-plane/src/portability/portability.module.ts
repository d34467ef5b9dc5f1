import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { ControlPlaneClientModule } from '../control-plane-client/control-plane-client.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { ReportingModule } from '../reporting/reporting.module';
import { TenancyModule } from '../tenancy/tenancy.module';
import { TenantSecretsModule } from '../tenant-secrets/tenant-secrets.module';
import { Moves } from './moves';
import { MovesController } from './moves.controller';
import { RunningTransfers } from './running-transfers';
import { TransferRelay } from './transfer-relay';
import { Transfers } from './transfers';

/** Transfers a tenant's rows to another plane or into a backup. */
@Module({
  imports: [
    AccessModule,
    AuditModule,
    ControlPlaneClientModule,
    PlaneIdentityModule,
    ReportingModule,
    TenancyModule,
    TenantSecretsModule,
  ],
  controllers: [MovesController],
  providers: [Moves, RunningTransfers, TransferRelay, Transfers],
  exports: [Transfers],
})
export class PortabilityModule {}
