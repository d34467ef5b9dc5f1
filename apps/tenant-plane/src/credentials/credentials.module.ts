import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { ReopenedAccess } from './reopened-access';
import { Revocations } from './revocations';
import { SessionAuthentication } from './session-authentication';
import { Sessions } from './sessions';
import { UserTokens } from './user-tokens';

/** What grants users access (sessions, links, identity providers), and how it is revoked. */
@Module({
  imports: [AuditModule],
  providers: [ReopenedAccess, Revocations, SessionAuthentication, Sessions, UserTokens],
  exports: [ReopenedAccess, Revocations, SessionAuthentication, Sessions, UserTokens],
})
export class CredentialsModule {}
