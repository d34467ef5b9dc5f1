import { Chores } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { OldCredentials } from './accounts/old-credentials';
import { AiCredits } from './ai-gateway/credits/ai-credits';
import { AuditSealer } from './audit/audit-sealer';
import { DesiredStates } from './desired-state/desired-states';
import { LeaseRenewals } from './entitlements/lease-renewals';
import { DeliveryQueue } from './events/delivery-queue';
import { PlaneWatch } from './fleet/plane-watch';
import { SealedIdempotency } from './idempotency/sealed-idempotency';
import { OldBackups } from './operations/deprovision/old-backups';
import { Purges } from './operations/deprovision/purges';
import { OldCopies } from './operations/remove-copy/old-copies';
import { PoolRounds } from './operations/warm-pool/pool-rounds';
import { ReconcilePasses } from './reconcile/reconcile-passes';
import { ReconcileTimer } from './reconcile/reconcile-timer';
import { KeyUses } from './service-keys/key-uses';
import { RequestNonces } from './service-keys/request-nonces/request-nonces';
import { TenantTallies } from './registry/tenant-tallies';
import { Signups } from './signup/signups';
import { SignupLinks } from './tenants/signup-links';

/** Periodic housekeeping, which may run in any process. */
@Injectable()
export class ControlPlaneChores extends Chores {
  constructor(
    private readonly desiredStates: DesiredStates,
    private readonly nonces: RequestNonces,
    private readonly keyUses: KeyUses,
    private readonly idempotency: SealedIdempotency,
    private readonly sealer: AuditSealer,
    private readonly oldCopies: OldCopies,
    private readonly oldBackups: OldBackups,
    private readonly purges: Purges,
    private readonly signups: Signups,
    private readonly oldCredentials: OldCredentials,
    private readonly signupLinks: SignupLinks,
    private readonly leases: LeaseRenewals,
    private readonly planeWatch: PlaneWatch,
    private readonly deliveries: DeliveryQueue,
    private readonly aiCredits: AiCredits,
    private readonly tallies: TenantTallies,
    private readonly reconcilePasses: ReconcilePasses,
    private readonly reconcileTimer: ReconcileTimer,
    private readonly pool: PoolRounds,
  ) {
    super();
  }

  /** Runs every chore even if some fail, then throws all failures together. */
  async run(since: Date): Promise<void> {
    const chores = [
      () => this.desiredStates.wakeChangedSince(since),
      () => this.keyUses.write(),
      () => this.sealer.seal(),
      () => this.nonces.sweep(),
      () => this.idempotency.sweep(),
      () => this.oldCopies.sweep(),
      () => this.oldBackups.sweep(),
      () => this.purges.sweep(),
      () => this.signups.sweep(),
      () => this.oldCredentials.sweep(),
      () => this.signupLinks.sweep(),
      () => this.leases.sweep(),
      () => this.planeWatch.look(),
      () => this.deliveries.sweep(),
      () => this.aiCredits.sweep(),
      () => this.tallies.sweep(),
      () => this.reconcilePasses.sweep(),
      () => this.reconcileTimer.sweep(),
      () => this.pool.sweep(),
    ];
    const failures: Error[] = [];
    for (const chore of chores) await chore().catch((error: Error) => failures.push(error));
    if (failures.length > 0)
      throw new AggregateError(failures, failures.map(({ message }) => message).join('; '));
  }
}
