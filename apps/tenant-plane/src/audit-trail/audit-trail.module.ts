import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { AuditTrail } from './audit-trail';
import { AuditController } from './audit.controller';

@Module({ imports: [AuditModule], controllers: [AuditController], providers: [AuditTrail] })
export class AuditTrailModule {}
