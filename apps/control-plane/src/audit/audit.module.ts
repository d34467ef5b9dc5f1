import { Module } from '@nestjs/common';
import { Audit } from './audit';
import { AuditSealer } from './audit-sealer';
import { AuditController } from './audit.controller';

@Module({
  controllers: [AuditController],
  providers: [Audit, AuditSealer],
  exports: [Audit, AuditSealer],
})
export class AuditModule {}
