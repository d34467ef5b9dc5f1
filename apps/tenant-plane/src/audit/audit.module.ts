import { Module } from '@nestjs/common';
import { Audit } from './audit';
import { AuditSealer } from './audit-sealer';

/** Writes what was done, and links it into a chain. */
@Module({ providers: [Audit, AuditSealer], exports: [Audit, AuditSealer] })
export class AuditModule {}
