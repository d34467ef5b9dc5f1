import { SignInThrottle } from '@atlas/persistence';
import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { AccountsController } from './accounts.controller';
import { ApiKeys } from './api-keys';
import { ApiKeysController } from './api-keys.controller';
import { IssuedLinks } from './issued-links';
import { ResetLinks } from './issued-links';
import { OldCredentials } from './old-credentials';
import { OperatorAuthentication } from './operator-authentication';
import { OperatorDevices } from './operator-devices';
import { OperatorPasswords } from './operator-passwords';
import { OperatorSessions } from './operator-sessions';
import { OperatorSingleSignOn } from './operator-single-sign-on';
import { OperatorWrites } from './operator-writes';
import { Operators } from './operators';
import { OperatorsController } from './operators.controller';
import { SessionCookie } from './session-cookie';
import { SingleSignOnController } from './single-sign-on.controller';

@Module({
  imports: [AuditModule],
  controllers: [AccountsController, ApiKeysController, OperatorsController, SingleSignOnController],
  providers: [
    SignInThrottle,
    ApiKeys,
    IssuedLinks,
    OldCredentials,
    OperatorAuthentication,
    OperatorDevices,
    OperatorPasswords,
    OperatorSessions,
    OperatorSingleSignOn,
    OperatorWrites,
    Operators,
    ResetLinks,
    SessionCookie,
  ],
  exports: [ResetLinks, OldCredentials, OperatorAuthentication, OperatorWrites, SessionCookie],
})
export class AccountsModule {}
