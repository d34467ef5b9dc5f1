import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { LinkPagesController } from './link-pages.controller';
import { Mails } from './mails';

@Module({
  imports: [AuditModule],
  controllers: [LinkPagesController],
  providers: [Mails],
  exports: [Mails],
})
export class MailModule {}
