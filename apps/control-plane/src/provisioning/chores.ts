import { Injectable } from '@nestjs/common';
import { OldCredentials } from '../accounts/old-credentials';
import { AuditSealer } from '../audit/audit-sealer';
import { SealedIdempotency } from '../idempotency/sealed-idempotency';
import { DesiredStates } from '../tenant-planes/desired-state.service';
import { KeyUses } from '../tenant-planes/key-uses';
import { RequestNonces } from '../tenant-planes/request-nonces/request-nonces';
import { Signups } from '../signup/signups.service';
import { OldCopies } from './old-copies';
import { Removals } from './removals.service';

/** What has to be done now and then, in any process. */
@Injectable()
export class Chores {
  constructor(
    private readonly desiredStates: DesiredStates,
    private readonly nonces: RequestNonces,
    private readonly keyUses: KeyUses,
    private readonly idempotency: SealedIdempotency,
    private readonly sealer: AuditSealer,
    private readonly oldCopies: OldCopies,
    private readonly removals: Removals,
    private readonly signups: Signups,
    private readonly oldCredentials: OldCredentials,
  ) {}

  async run(since: Date): Promise<void> {
    await this.desiredStates.wakeChangedSince(since);
    await this.keyUses.write();
    await this.sealer.seal();
    await this.nonces.sweep();
    await this.idempotency.sweep();
    await this.oldCopies.sweep();
    await this.removals.sweep();
    await this.signups.sweep();
    await this.oldCredentials.sweep();
  }
}
