import { Module } from '@nestjs/common';
import { Audit } from './audit';
import { AuditSealer } from './audit-sealer';

/** Records audit entries and chains them by hashes. */
@Module({ providers: [Audit, AuditSealer], exports: [Audit, AuditSealer] })
export class AuditModule {}
