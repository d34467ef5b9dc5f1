import { Module } from '@nestjs/common';
import { Audit } from './audit';
import { AuditSealer } from './audit-sealer';

/** Records audit entries and links them into one hash chain per tenant. */
@Module({ providers: [Audit, AuditSealer], exports: [Audit, AuditSealer] })
export class AuditModule {}
