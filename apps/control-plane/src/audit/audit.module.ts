import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller';
import { Audit } from './audit';
import { AuditSealer } from './audit-sealer';

@Module({
  controllers: [AuditController],
  providers: [Audit, AuditSealer],
  exports: [Audit, AuditSealer],
})
export class AuditModule {}
