import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { ChangeTracking, Database, TenantDatabase, lockedForShare } from '@atlas/persistence';
import { type DesiredTransfer, LinkPace, runName } from '@atlas/plane-contract';
import { Clock, databaseFailure, databaseState } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { type CryptoKey } from 'jose';
import { IsNull, Not } from 'typeorm';
import { ControlPlaneRefused } from '../control-plane-client/control-plane.errors';
import { PlaneSchema } from '../database/plane-schema';
import { type Applied } from '../plane-identity/applied';
import { type Fence, Superseded } from '../plane-identity/fence';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { reportedText } from '../plane-identity/reportable';
import { Reporter } from '../reporting/reporter';
import { OldCopies } from '../tenancy/old-copies';
import { TenantDirectory } from '../tenancy/tenant-directory';
import { Tenant } from '../tenancy/tenant.entity';
import { TenantKeys } from '../tenant-secrets/tenant-keys';
import { type IncomingTools, IncomingTransfer } from './incoming-transfer';
import { Moves } from './moves';
import { OutgoingTransfer } from './outgoing-transfer';
import { openBackupKey } from './part';
import { type RowCodec, rowCodecs } from './row-codec';
import { type RunningTransfer, RunningTransfers } from './running-transfers';
import { withScratchDatabase } from './scratch-database';
import { tenantKeyColumn } from './tenant-key-column';
import { TransferFailed } from './transfer-failed';
import { TransferRelay } from './transfer-relay';

const NO_BACKUP =
  'The customer runs and backs up this tenant plane, so it sends no backup to the Control ' +
  "Plane. Rows leave it only in a move that the tenant's admin has consented to (POST " +
  '/api/moves/consent).';

interface TenantInTransfer extends Tenant {
  readonly transfer: DesiredTransfer;
}

/**
 * Runs the transfers that the directory assigns to this plane, in the one process that holds the link's
 * lease.
 */
@Injectable()
export class Transfers {
  private readonly logger = new Logger(Transfers.name);

  constructor(
    private readonly database: Database,
    private readonly schema: PlaneSchema,
    private readonly tenants: TenantDatabase,
    private readonly identities: PlaneIdentities,
    private readonly relay: TransferRelay,
    private readonly reporter: Reporter,
    private readonly running: RunningTransfers,
    private readonly directory: TenantDirectory,
    private readonly moves: Moves,
    private readonly keys: TenantKeys,
    private readonly oldCopies: OldCopies,
    private readonly clock: Clock,
  ) {}

  /**
   * Called after each change to the directory, and periodically, because consent may be given on any replica.
   */
  async tend(): Promise<void> {
    const wanted = await this.wanted();
    for (const { transfer, end } of this.running.values())
      if (!wanted.some((tenant) => isDeepStrictEqual(tenant.transfer, transfer))) end.abort();
    for (const tenant of wanted)
      if (tenant.transfer.role !== 'source' || this.moves.mayLeave(tenant)) this.ensure(tenant);
  }

  stop(): Promise<void> {
    return this.running.end();
  }

  private ensure({ id: tenantId, transfer, phase }: TenantInTransfer): void {
    const known = this.running.get(transfer.id);
    if (known && !known.end.signal.aborted) {
      if (phase === 'frozen') known.outgoing?.freeze();
      return;
    }
    const fence = this.fenceOf(tenantId, transfer);
    const ended = known?.ended ?? Promise.resolve();
    const running: RunningTransfer = { transfer, end: new AbortController(), fence, ended };
    this.running.set(transfer.id, running);
    // A restore that was cancelled and requested again has a different key. It starts over, even if this
    // plane missed the cancellation.
    running.ended = ended.then(() => this.keepTrying(running)).finally(() => this.forget(running));
  }

  private forget(running: RunningTransfer): void {
    const { id } = running.transfer;
    if (this.running.get(id) === running) this.running.delete(id);
  }

  /**
   * Reports failures, and resumes where the transfer stopped. A copy that differs from the original is made
   * again from the start. An operator sees the report, and can cancel the transfer.
   */
  private async keepTrying(running: RunningTransfer): Promise<void> {
    const { signal } = running.end;
    const { id: transferId } = running.transfer;
    const pace = new LinkPace();
    let hasFailed = false;
    let tenant: TenantInTransfer | undefined;
    let { epoch } = this.identities.lease.claim;
    while (!signal.aborted) {
      const startedAt = performance.now();
      try {
        ({ epoch } = this.identities.lease.claim);
        tenant = (await this.wanted()).find(({ transfer }) => isDeepStrictEqual(transfer, running.transfer));
        if (!tenant) return;
        await this.attempt(tenant, running);
        const { id: tenantId, entryRevision } = tenant;
        if (hasFailed) this.reporter.reportTransfer({ tenantId, entryRevision }, epoch);
        // Done. The transfer stays listed, so that it is not started again.
        return await aborted(signal);
      } catch (error) {
        // The lease holder starts the transfer again if it is still wanted.
        if (signal.aborted || error instanceof Superseded) return;
        hasFailed = true;
        if (error instanceof TransferFailed || isSuperseded(error))
          running.outgoing = running.incoming = undefined;
        this.logger.warn(`Transfer ${transferId} will be retried: ${(error as Error).message}`);
        if (tenant) this.reporter.reportTransfer(failureOf(tenant, error as Error), epoch);
        pace.failed(performance.now() - startedAt);
        await delay(pace.pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private attempt(tenant: TenantInTransfer, running: RunningTransfer): Promise<void> {
    const runs = { source: this.send, target: this.receive, backup: this.backUp };
    return runs[tenant.transfer.role].call(this, tenant, running);
  }

  private async send(
    { id: tenantId, transfer, phase }: TenantInTransfer,
    running: RunningTransfer,
  ): Promise<void> {
    const tracking = new ChangeTracking(this.database, running.fence);
    const nameRun = (): Promise<string> => this.nameRun(tenantId, running);
    const tools = { tenants: this.tenants, tracking, relay: this.relay, nameRun };
    const isBackup = transfer.role === 'backup';
    const recipient = transfer.recipient ?? {};
    const outgoing = { transferId: transfer.id, tenantId, isBackup, recipient };
    running.outgoing ??= new OutgoingTransfer(tools, outgoing, this.codecs());
    if (phase === 'frozen' || isBackup) running.outgoing.freeze();
    await running.outgoing.run(running.end.signal);
  }

  private async receive(
    { id: tenantId, transfer }: TenantInTransfer,
    running: RunningTransfer,
  ): Promise<void> {
    const { fence } = running;
    // The copy may already be readable, but users must not write to it, because this plane may not become the
    // tenant's home.
    const tracking = new ChangeTracking(this.database, fence);
    const write: IncomingTools['write'] = (work) =>
      tracking.writeFrozen(tenantId, () => this.tenants.write(tenantId, work));
    const tools: IncomingTools = {
      relay: this.relay,
      nameRun: () => this.nameRun(tenantId, running),
      write,
      markWhole: async (isWhole) => {
        if (isWhole && isRestore(transfer)) await write((scope) => this.oldCopies.settle(scope));
        await this.markWhole(tenantId, isWhole ? transfer.id : null, fence);
      },
    };
    const incoming = { transferId: transfer.id, key: await this.keyOf(transfer) };
    running.incoming ??= new IncomingTransfer(tools, incoming, this.codecs());
    await running.incoming.run(running.end.signal);
  }

  /**
   * Also downloads, restores and compares what was sent, because a backup that was never restored proves
   * nothing.
   */
  private async backUp(tenant: TenantInTransfer, running: RunningTransfer): Promise<void> {
    if (!this.moves.mayBackUp) throw new TransferFailed(NO_BACKUP);
    const { id: tenantId, transfer } = tenant;
    await this.send(tenant, running);
    const incoming = { transferId: transfer.id, key: await this.keyOf(transfer) };
    await withScratchDatabase(this.schema, async (scratch) => {
      const tenants = new TenantDatabase(scratch);
      const tools: IncomingTools = {
        relay: this.relay,
        nameRun: () => this.nameRun(tenantId, running),
        write: (work) => tenants.write(tenantId, work),
        markWhole: () => Promise.resolve(),
      };
      const codecs = this.codecs(scratch);
      await new IncomingTransfer(tools, incoming, codecs).run(running.end.signal);
    });
  }

  /**
   * A move is encrypted to this plane's own key. A backup is encrypted to a separate key, which arrives
   * encrypted to this plane's key.
   */
  private async keyOf({ key }: DesiredTransfer): Promise<CryptoKey> {
    const own = await this.identities.privateKey();
    if (key === undefined) return own;
    return openBackupKey(key, own).catch(({ message }: Error) => {
      throw new TransferFailed(`The backup key cannot be decrypted here: ${message}`);
    });
  }

  private async markWhole(id: string, importedTransferId: string | null, fence: Fence): Promise<void> {
    await this.database.write(async (manager) => {
      await manager.update(
        Tenant,
        { id },
        { importedTransferId, isBeingReplaced: importedTransferId === null },
      );
      await fence(manager);
    });
    this.directory.forget();
  }

  /** A name that sorts after every earlier run of this tenant, no matter which process started that run. */
  private nameRun(id: string, { transfer, fence }: RunningTransfer): Promise<string> {
    return this.database.write(async (manager) => {
      const { runBegunAt } = await manager.findOneByOrFail(Tenant, { id });
      const now = this.clock.now();
      const begunAt = runBegunAt && runBegunAt >= now ? new Date(runBegunAt.getTime() + 1) : now;
      await manager.update(Tenant, { id }, { runBegunAt: begunAt });
      await fence(manager);
      return runName({ generation: transfer.generation ?? 1, begunAt });
    });
  }

  /** Passes while this process has the lease and the tenant's entry names this transfer. */
  private fenceOf(id: string, transfer: DesiredTransfer): Fence {
    const { fence } = this.identities.lease.claim;
    return async (manager) => {
      await fence(manager);
      const tenant = await lockedForShare(
        manager.createQueryBuilder(Tenant, 'tenant').where({ id }),
      ).getOne();
      if (!isDeepStrictEqual(tenant?.transfer, transfer))
        throw new Superseded('This transfer is no longer wanted.');
    };
  }

  /** An outdated copy of the plane must neither send its rows nor receive those that the other copy wants. */
  private async wanted(): Promise<TenantInTransfer[]> {
    if (this.identities.current.copyNoticedAt !== null) return [];
    return this.database.read(
      (manager) =>
        manager.find(Tenant, { where: { transfer: Not(IsNull()) } }) as Promise<TenantInTransfer[]>,
    );
  }

  private codecs({ dataSource } = this.database): RowCodec[] {
    return rowCodecs(this.schema, dataSource.manager, [tenantKeyColumn(this.keys)]);
  }
}

/** Only backups are encrypted to keys of their own. */
function isRestore({ key }: DesiredTransfer): boolean {
  return key !== undefined;
}

/** Whether another import of this transfer has started after this one. */
function isSuperseded(error: unknown): boolean {
  return error instanceof ControlPlaneRefused && error.code === 'import_superseded';
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
}

/**
 * Only a {@link TransferFailed} is reported as failed. Any other error, such as an outage, a full disk or a
 * lost COMMIT, may resolve by itself and is reported as being retried.
 */
function failureOf({ id: tenantId, entryRevision }: Tenant, error: Error): Applied {
  if (error instanceof TransferFailed) return { tenantId, entryRevision, error: error.message };
  const reason = databaseFailure(error) ? databaseState(error).reason : reportedText(error);
  return { tenantId, entryRevision, error: reason, isRetried: true };
}
