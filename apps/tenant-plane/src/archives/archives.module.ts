import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { CredentialsModule } from '../credentials/credentials.module';
import { DueModule } from '../due/due.module';
import { IdempotencyModule } from '../idempotency/idempotency.module';
import { Downloads } from './downloads';
import { ExportRuns } from './export-runs';
import { Exports } from './exports';
import { ExportsController } from './exports.controller';
import { ImportedRows } from './imported-rows';
import { Imports } from './imports';
import { ImportsController } from './imports.controller';
import { UploadRoom } from './upload-room';

/** Writes a tenant's data into an archive that the tenant downloads, and imports such an archive. */
@Module({
  imports: [AccessModule, AuditModule, CredentialsModule, DueModule, IdempotencyModule],
  controllers: [ExportsController, ImportsController],
  providers: [Downloads, ExportRuns, Exports, ImportedRows, Imports, UploadRoom],
})
export class ArchivesModule {}
