import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuditModule } from '../audit/audit.module';
import { ControlPlaneClientModule } from '../control-plane-client/control-plane-client.module';
import { CredentialsModule } from '../credentials/credentials.module';
import { EntitlementsModule } from '../entitlements/entitlements.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { TenancyModule } from '../tenancy/tenancy.module';
import { Admission } from './admission';
import { CallerWrites } from './caller-writes';
import { SessionCookie } from './session-cookie';
import { TenantCrossings } from './tenant-crossings';
import { TenantRouter } from './tenant-router';
import { TenantGuard } from './tenant.guard';
import { UserWrites } from './user-writes';

/** Decides who may make a request, and for which tenant. Checks both again when a user writes data. */
@Module({
  imports: [
    AuditModule,
    ControlPlaneClientModule,
    CredentialsModule,
    EntitlementsModule,
    PlaneIdentityModule,
    TenancyModule,
  ],
  providers: [
    Admission,
    SessionCookie,
    TenantCrossings,
    TenantRouter,
    UserWrites,
    CallerWrites,
    { provide: APP_GUARD, useClass: TenantGuard },
  ],
  exports: [CallerWrites, SessionCookie, UserWrites],
})
export class AccessModule {}
