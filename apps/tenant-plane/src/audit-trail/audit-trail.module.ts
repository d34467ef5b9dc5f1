import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { AuditTrail } from './audit-trail';
import { AuditController } from './audit.controller';

/** The audit trail, as a tenant's users see it. */
@Module({ imports: [AuditModule], controllers: [AuditController], providers: [AuditTrail] })
export class AuditTrailModule {}
