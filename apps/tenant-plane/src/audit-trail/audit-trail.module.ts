import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { AuditTrail } from './audit-trail';
import { AuditController } from './audit.controller';

/** Shows the audit trail to a tenant's users. */
@Module({ imports: [AuditModule], controllers: [AuditController], providers: [AuditTrail] })
export class AuditTrailModule {}
