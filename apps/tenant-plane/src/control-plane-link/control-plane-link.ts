import { setTimeout as delay } from 'node:timers/promises';
import {
  type DesiredState,
  HEARTBEAT_SECONDS,
  LinkPace,
  PLANE_PATHS,
  TENANT_PLANE_ID_PARAMETER,
  epochOf,
} from '@atlas/plane-contract';
import { databaseFailure, databaseState, newTraceId, runInContext } from '@atlas/platform';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { ControlPlaneClient, type SignedAnswer } from '../control-plane-client/control-plane-client';
import { AnswerNotTrusted } from '../control-plane-client/control-plane.errors';
import { adviceOn } from '../control-plane-client/refusal-advice';
import { hasFailed } from '../plane-identity/applied';
import { Superseded } from '../plane-identity/fence';
import { type LinkClaim } from '../plane-identity/link-claim';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { Transfers } from '../portability/transfers';
import { LinkState } from '../reporting/link-state';
import { ReportedEntries } from '../reporting/reported-entries';
import { Reporter } from '../reporting/reporter';
import { UsageReports } from '../reporting/usage-reports';
import { DesiredStateApplier } from './desired-state-applier';
import { Enrolment } from './enrolment';

export const LEASE_RENEWAL_MS = 3000;
/**
 * When a replica yields the link to the other replicas, and for how long. After `afterTurns` failed attempts
 * in a row (about 7 s of refused connections, or 80 s without a response), the replica releases the lease,
 * because another replica may still be able to reach the Control Plane. It then waits long enough for any of
 * the others to take the lease. If none of them has taken it by then, this replica takes it again: if it is
 * the only replica, nothing else would notice that the Control Plane is reachable again.
 */
export const GIVING_WAY = { afterTurns: 5, forMs: 1.5 * LEASE_RENEWAL_MS } as const;
const RECENT_MS = (HEARTBEAT_SECONDS + 15) * 1000;

/**
 * Runs the same loop on every tenant plane, regardless of its model: enrol once, then pull, apply and report.
 * User requests never wait for the loop.
 */
@Injectable()
export class ControlPlaneLink implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ControlPlaneLink.name);
  private readonly ended = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private readonly pace = new LinkPace();
  private holdsLease = false;
  /**
   * The time of the plane's last contact with the Control Plane before this replica yielded the link. Only a
   * later contact shows that another replica can reach the Control Plane.
   */
  private lostAfter: Date | null = null;

  constructor(
    private readonly config: TenantPlaneConfig,
    private readonly client: ControlPlaneClient,
    private readonly identities: PlaneIdentities,
    private readonly enrolment: Enrolment,
    private readonly applier: DesiredStateApplier,
    private readonly entries: ReportedEntries,
    private readonly reporter: Reporter,
    private readonly usage: UsageReports,
    private readonly transfers: Transfers,
    private readonly state: LinkState,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.isOffline) {
      this.logger.log('Offline mode: making no calls to the Control Plane.');
      return;
    }
    this.running = Promise.all([this.keepLease(), this.pullForEver()]).then(() => undefined);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.ended.abort();
    this.client.end();
    await this.running;
    await this.transfers.stop();
    await this.reporter.settled();
    await this.identities.lease.release();
  }

  /** A replica without the lease counts as connected if another replica had contact recently. */
  get status(): { readonly reachable: boolean; readonly last_contact_at: Date | null } {
    const { current, lease } = this.identities;
    const { lastContactAt } = current;
    const isOwn = lastContactAt?.getTime() === this.lostAfter?.getTime();
    const isHeardElsewhere = !isOwn && this.identities.silentMs < RECENT_MS;
    const reachable = this.holdsLease ? lease.claim.isReachable : isHeardElsewhere;
    return { reachable, last_contact_at: lastContactAt };
  }

  private async keepLease(): Promise<void> {
    while (!this.ended.signal.aborted) {
      // A process that has the database to itself keeps the link even if no write succeeds, so that it can
      // report the failure.
      await this.tryLease().catch(() => (this.holdsLease = this.identities.areAlone));
      await this.pause(LEASE_RENEWAL_MS);
    }
  }

  private async tryLease(): Promise<void> {
    const { lease } = this.identities;
    if (lease.claim.lostTurns >= GIVING_WAY.afterTurns) await this.giveWay();
    const refresh = (): Promise<void> => this.identities.refresh();
    const outcome = await lease.hold(refresh);
    this.holdsLease = outcome !== 'elsewhere';
    // Another replica writes the identity, so this process's copy is stale.
    if (!this.holdsLease) await refresh();
    // Transfers run on the replica with the lease, and cannot continue under a new claim.
    if (outcome !== 'renewed') await this.transfers.stop();
    if (this.holdsLease) await this.transfers.tend();
  }

  private async giveWay(): Promise<void> {
    const { lease, current, areAlone } = this.identities;
    if (areAlone) return;
    const { lostTurns } = lease.claim;
    await lease.giveWay(GIVING_WAY.forMs);
    const rest = `this replica leaves the link to the others for ${GIVING_WAY.forMs / 1000} s`;
    this.logger.warn(`${lostTurns} turns in a row failed, so ${rest}.`);
    this.lostAfter = current.lastContactAt;
  }

  private async pullForEver(): Promise<void> {
    while (!this.ended.signal.aborted) {
      if (!this.holdsLease) await this.pause(50);
      else await runInContext({ traceId: newTraceId() }, () => this.turn());
    }
  }

  private async turn(): Promise<void> {
    const startedAt = performance.now();
    // Captured now, because the lease may change hands before the response arrives.
    const { claim } = this.identities.lease;
    try {
      if (this.enrolment.isDue) await this.enrolAndApply(claim);
      else await this.pullAndApply(claim);
    } catch (error) {
      if (this.ended.signal.aborted) return;
      if (error instanceof Superseded) return this.standBack(claim, error);
      if (claim.ended.aborted) return;
      const tookMs = performance.now() - startedAt;
      if (databaseFailure(error)) return this.goOnReporting(error, tookMs);
      this.noteLoss(claim, tookMs);
      this.logger.warn(`Contact with the Control Plane failed: ${adviceOn(error, this.config)}`);
      // A proxy that alters responses may still let reports through.
      if (error instanceof AnswerNotTrusted) this.reporter.heartbeat();
    }
    await this.pause(this.pace.pauseMs);
  }

  /**
   * Handles a failure of the database rather than of the link. Reports the failure to the Control Plane, and
   * pulls again.
   */
  private async goOnReporting(error: unknown, tookMs: number): Promise<void> {
    this.pace.failed(tookMs);
    this.logger.warn(`Could not store the Control Plane's response. ${databaseState(error).reason}`);
    if (this.identities.current.tenantPlaneId !== null) this.reporter.heartbeat();
    await this.pause(this.pace.pauseMs);
  }

  /** Drops the response. The lease holder requests it again. */
  private standBack(claim: LinkClaim, { message }: Superseded): void {
    // This replica may already have the next claim.
    if (!claim.ended.aborted) this.holdsLease = false;
    this.logger.warn(`Dropped the Control Plane's response: ${message}`);
  }

  private async enrolAndApply(claim: LinkClaim): Promise<void> {
    const answer = await this.enrolment.enrol(claim.fence);
    if (answer) return this.accept({ ...answer, body: answer.body.desired_state }, claim);
    // The existing enrolment stays in use if the Control Plane accepts its secret.
    if (this.identities.current.tenantPlaneId !== null) await this.pullAndApply(claim);
    else this.noteLoss(claim);
  }

  private async pullAndApply(claim: LinkClaim): Promise<void> {
    const isBack = this.isBack(claim);
    const { since, current } = this.identities;
    // The first pull under a claim does not wait, so that missed changes arrive immediately.
    const wait = claim.isReachable ? HEARTBEAT_SECONDS : 0;
    const askedAt = performance.now();
    const state = await this.client.signed<DesiredState>({
      egress: { class: 'desired_state_pull' },
      method: 'GET',
      path: PLANE_PATHS.desiredState,
      query: {
        [TENANT_PLANE_ID_PARAMETER]: current.tenantPlaneId ?? '',
        wait: String(wait),
        ...(since && { since }),
      },
      timeoutMs: (wait + 10) * 1000,
      ended: claim.ended,
    });
    if (state) return this.accept(state, claim, isBack);
    this.noteContact(claim);
    this.pace.heardNothing({ waitedMs: performance.now() - askedAt, askedMs: wait * 1000 });
    if (isBack && since !== undefined) this.reporter.report(claim, since, await this.entries.missing());
    this.reporter.heartbeat();
  }

  /** Whether earlier reports may have been lost. */
  private isBack(claim: LinkClaim): boolean {
    return this.pace.pauseMs > 0 || !claim.isReachable;
  }

  private async accept(
    state: SignedAnswer<DesiredState>,
    claim: LinkClaim,
    isBack = this.isBack(claim),
  ): Promise<void> {
    // The applier stores the time of this contact together with the state.
    this.noteReached(claim);
    const { toldRevision } = this.identities.current;
    const isRestored = toldRevision !== null && epochOf(toldRevision) !== epochOf(state.body.revision);
    if (isRestored) await this.usage.reportAgain();
    const applied = await this.applier
      .accept(state, claim.fence, { overLink: true })
      .catch(async (error: unknown) => {
        if (databaseFailure(error))
          this.reporter.report(claim, state.body.revision, await this.applier.postponed(state.body, error));
        throw error;
      });
    if (hasFailed(applied)) this.pace.failed();
    else this.pace.succeeded();
    await this.transfers.tend();
    // Read only after the state was applied. If the Control Plane was restored, earlier outcomes say nothing
    // about the entries that it wants now.
    const unreported = isBack ? await this.entries.missing() : [];
    this.reporter.report(claim, state.body.revision, [...unreported, ...applied]);
    this.reporter.heartbeat();
  }

  private noteReached(claim: LinkClaim): void {
    Object.assign(claim, { isReachable: true, lostTurns: 0 });
    this.state.failures = 0;
  }

  private noteContact(claim: LinkClaim): void {
    this.noteReached(claim);
    this.identities.noteContact().catch(() => undefined);
  }

  private noteLoss(claim: LinkClaim, tookMs = 0): void {
    claim.isReachable = false;
    claim.lostTurns += 1;
    this.state.failures += 1;
    this.pace.failed(tookMs);
  }

  private async pause(ms: number): Promise<void> {
    if (ms > 0) await delay(ms, undefined, { signal: this.ended.signal }).catch(() => undefined);
  }
}
