import { type TenantScope, together } from '@atlas/persistence';
import { currentContext } from '@atlas/platform';
import { type SignedIn } from '@atlas/tenant-api/accounts';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { Sessions } from '../credentials/sessions';
import { type User } from '../credentials/user.entity';
import { Devices } from './devices';

/** Signs in a user who has proven their identity with a password or a link. */
@Injectable()
export class SignIns {
  constructor(
    private readonly sessions: Sessions,
    private readonly devices: Devices,
    private readonly audit: Audit,
  ) {}

  async open(scope: TenantScope, user: User, deviceToken: string | undefined): Promise<SignedIn> {
    const context = currentContext();
    if (context) context.actor = { kind: 'user', id: user.id };
    const entry = { action: 'user.signed_in', targetKind: 'user', targetId: user.id };
    const [signedIn, device_token] = await together([
      this.sessions.open(scope, user),
      this.devices.remember(scope, user.id, deviceToken),
      this.audit.record(scope, entry),
    ]);
    return { ...signedIn, device_token };
  }
}
