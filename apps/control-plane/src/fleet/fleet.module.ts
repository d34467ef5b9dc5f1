import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module';
import { AuditModule } from '../audit/audit.module';
import { EnrolmentModule } from '../enrolment/enrolment.module';
import { ServiceKeysModule } from '../service-keys/service-keys.module';
import { FleetGauge } from './fleet-gauge';
import { TenantPlanes } from './tenant-planes';
import { TenantPlanesController } from './tenant-planes.controller';

@Module({
  imports: [AccountsModule, AuditModule, EnrolmentModule, ServiceKeysModule],
  controllers: [TenantPlanesController],
  providers: [FleetGauge, TenantPlanes],
  exports: [TenantPlanes],
})
export class FleetModule {}
