import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module';
import { AuditModule } from '../audit/audit.module';
import { EnrolmentModule } from '../enrolment/enrolment.module';
import { OutboxModule } from '../outbox/outbox.module';
import { ServiceKeysModule } from '../service-keys/service-keys.module';
import { FleetGauge } from './fleet-gauge';
import { KeptCopies } from './kept-copies';
import { PlaneWatch } from './plane-watch';
import { TenantPlanes } from './tenant-planes';
import { TenantPlanesController } from './tenant-planes.controller';

@Module({
  imports: [AccountsModule, AuditModule, EnrolmentModule, OutboxModule, ServiceKeysModule],
  controllers: [TenantPlanesController],
  providers: [FleetGauge, KeptCopies, PlaneWatch, TenantPlanes],
  exports: [PlaneWatch, TenantPlanes],
})
export class FleetModule {}
