import { Module } from '@nestjs/common';
import { Audit } from './audit';
import { AuditSealer } from './audit-sealer';

@Module({ providers: [Audit, AuditSealer], exports: [Audit, AuditSealer] })
export class AuditModule {}
