import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { AuditTrail } from './audit-trail';
import { AuditController } from './audit.controller';

/** The audit trail, for a tenant's own people. */
@Module({ imports: [AuditModule], controllers: [AuditController], providers: [AuditTrail] })
export class AuditTrailModule {}
