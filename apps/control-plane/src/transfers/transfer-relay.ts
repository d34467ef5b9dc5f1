import { Wakes, Database, Signals, updateRows } from '@atlas/persistence';
import { type TransferPartHeader, generationOf, isLaterRun } from '@atlas/plane-contract';
import { DomainError, validationFailed } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { decodeProtectedHeader } from 'jose';
import { type EntityManager, type FindOptionsWhere, IsNull, Not } from 'typeorm';
import { ProvisioningWaker } from '../provisioning-jobs/provisioning-waker';
import { Placement } from '../registry/placement.entity';
import { Transfer, TransferPart } from '../registry/transfer.entity';
import { ServiceKeys } from '../service-keys/service-keys';
import { type CallingCopy, holdCurrentCopy, requireCurrentCopy } from './current-copy';
import { holdTransfer, isBehind, isLevel, topicOf } from './transfers';

const KINDS: readonly TransferPartHeader['kind'][] = ['snapshot', 'changes', 'last'];
/** The maximum length of an attempt's name. The target's requests have the same limit. */
const MAX_ATTEMPT = 100;
/**
 * The maximum number of parts in one attempt. A part contains a megabyte
 * of rows, or the changes made while the target imported the previous part.
 */
export const MAX_PARTS = 100_000;
/** The maximum of an integer column. */
const MAX_CHANGES = 2_147_483_647;

/** The copy of a plane that calls, and the key that it signs with. */
interface Caller extends CallingCopy {
  readonly keyId: string;
}

/** How long a call waits, and the signal that ends the wait early. */
interface Wait {
  readonly seconds: number;
  readonly ended: AbortSignal;
}

export interface WantedPart {
  readonly part: number;
  /** The target's name for the import that requests the part. */
  readonly importer: string;
  /** The attempt that the import is reading; undefined before the first part. */
  readonly attempt: string | undefined;
}

/** Stores the parts of a transfer between source and target. Reads only their headers. */
@Injectable()
export class TransferRelay {
  constructor(
    private readonly database: Database,
    private readonly signals: Signals,
    private readonly waker: ProvisioningWaker,
    private readonly keys: ServiceKeys,
  ) {}

  /**
   * Stores a part from the source and returns how many parts the target has imported. Sending a part again
   * changes nothing. The first part of a new attempt replaces all earlier parts.
   */
  async take(source: Caller, id: string, part: number, sealed: string): Promise<number> {
    const { tenantPlaneId: sourcePlaneId } = source;
    const header = headerOf(sealed);
    if (!header || header.transfer !== id || header.part !== part) throw notThatPart();
    if (part > MAX_PARTS) throw tooManyParts();
    return this.database.write(async (manager) => {
      await this.hold(manager, source);
      const transfer = await this.require(manager, { id, sourcePlaneId, purpose: Not('restore') });
      const isNew = transfer.attempt !== header.attempt;
      const isLate = isNew && !mayBegin(header.attempt, transfer, transfer.attempt);
      if (isLate || part > (isNew ? 1 : transfer.parts + 1)) throw outOfOrder();
      if (header.kind === 'changes' && part > transfer.parts && isBehind(transfer)) throw targetIsBehind();
      if (isNew) await manager.delete(TransferPart, { transferId: id });
      await manager.upsert(TransferPart, { transferId: id, part, sealed }, ['transferId', 'part']);
      if (isNew || part > transfer.parts) await this.noteSent(manager, transfer, header, isNew);
      this.signals.publish(topicOf(id));
      return isNew ? 0 : transfer.imported;
    });
  }

  /**
   * Waits until the target has imported `count` parts, or
   * until the wait ends. Returns how many it has imported.
   */
  async imported(source: Caller, id: string, count: number, wait: Wait): Promise<number> {
    const { tenantPlaneId: sourcePlaneId, keyId } = source;
    const look = async (): Promise<number> => {
      const where = { id, sourcePlaneId, endedAt: IsNull() };
      const transfer = await this.database.read(async (manager) => {
        await requireCurrentCopy(manager, source);
        return manager.findOneBy(Transfer, where);
      });
      return (transfer ?? refuse()).imported;
    };
    const wakes = new Wakes(this.signals, topicOf(id), wait.seconds, wait.ended);
    try {
      let imported = await look();
      while (imported < count && (await wakes.next())) imported = await look();
      await this.keys.requireAccepted(keyId);
      return imported;
    } finally {
      wakes.stop();
    }
  }

  /**
   * Returns the part that the target requests, or null if the part does not arrive
   * in time. The request confirms that all earlier parts have been imported.
   */
  async give(
    target: Caller,
    id: string,
    wanted: WantedPart,
    { seconds, ended }: Wait,
  ): Promise<string | null> {
    // After importing the last part, the target still requests the number after it.
    if (wanted.part > MAX_PARTS + 1) throw tooManyParts();
    await this.noteImported(target, id, wanted);
    // Subscribe before reading, so that no part is missed.
    const wakes = new Wakes(this.signals, topicOf(id), seconds, ended);
    try {
      let found = await this.find(id, wanted);
      while (found === null && (await wakes.next())) found = await this.find(id, wanted);
      // During the wait, the key may have been revoked, or another copy of the plane begun to count.
      await this.keys.requireAccepted(target.keyId);
      await this.database.read((manager) => requireCurrentCopy(manager, target));
      if (found?.part === 1) await this.giveUpKeptCopy(target, id);
      return found?.sealed ?? null;
    } finally {
      wakes.stop();
    }
  }

  private async noteSent(
    manager: EntityManager,
    { id, tenantId, followingSince: known }: Transfer,
    { attempt, part: parts, kind: lastKind, changes: lastChanges }: TransferPartHeader,
    isNew: boolean,
  ): Promise<void> {
    // A new attempt begins with rows, so it clears the previous attempt's `followingSince`.
    const followingSince = lastKind === 'changes' ? (known ?? (await this.database.now())) : null;
    const progress = { attempt, parts, lastKind, lastChanges, followingSince, ...(isNew && { imported: 0 }) };
    await updateRows(manager, Transfer, { id }, progress);
    // From here on the move has a deadline, so its job must run now.
    if (followingSince && !known) await this.waker.wakeForTenants(manager, [tenantId]);
  }

  private async noteImported(target: Caller, id: string, wanted: WantedPart): Promise<void> {
    const { tenantPlaneId: targetPlaneId } = target;
    await this.database.write(async (manager) => {
      await this.hold(manager, target);
      const transfer = await this.require(manager, { id, targetPlaneId });
      if (wanted.importer !== transfer.importer) return this.beginImport(manager, transfer, wanted);
      // A repeated request may arrive late, so it must not reduce
      // the progress. Requests for an earlier attempt do not count.
      const imported = Math.min(wanted.part - 1, transfer.parts);
      if (wanted.attempt !== transfer.attempt || imported <= transfer.imported) return;
      await manager.update(Transfer, { id }, { imported });
      this.signals.publish(topicOf(id));
      if (isLevel({ ...transfer, imported })) await this.waker.wakeForTenants(manager, [transfer.tenantId]);
    });
  }

  /**
   * Gives up the target's old copy from an earlier move. The target removes this copy when it receives the
   * first part, and not before.
   */
  private async giveUpKeptCopy(target: Caller, id: string): Promise<void> {
    const { tenantPlaneId: targetPlaneId } = target;
    await this.database.write(async (manager) => {
      await this.hold(manager, target);
      const { tenantId } = await this.require(manager, { id, targetPlaneId });
      const coming = { tenantId, tenantPlaneId: targetPlaneId, phase: 'importing' } as const;
      await manager.update(Placement, coming, { removeAfter: null, importedBy: null });
    });
  }

  /**
   * A new import removes the rows of earlier ones as soon as it receives the first part. So from here on no
   * earlier import counts, even if a late report from a dead or paused process claims that it is complete.
   */
  private async beginImport(
    manager: EntityManager,
    transfer: Transfer,
    { part, importer, attempt }: WantedPart,
  ): Promise<void> {
    const isNew = part === 1 && attempt === undefined && mayBegin(importer, transfer, transfer.importer);
    if (!isNew) throw importSuperseded();
    await updateRows(manager, Transfer, { id: transfer.id }, { importer, imported: 0, followingSince: null });
  }

  /** Finds the requested part, or the first one if the source has started a new attempt. */
  private find(transferId: string, { part, attempt }: WantedPart): Promise<TransferPart | null> {
    return this.database.read(async (manager) => {
      const transfer = await manager.findOneBy(Transfer, { id: transferId });
      const isCurrent = transfer?.attempt === attempt;
      return manager.findOneBy(TransferPart, { transferId, part: isCurrent ? part : 1 });
    });
  }

  /** The caller's key stays accepted, and its copy counts, until the transaction ends. */
  private async hold(manager: EntityManager, caller: Caller): Promise<void> {
    await this.keys.holdAccepted(manager, caller.keyId);
    await holdCurrentCopy(manager, caller);
  }

  private async require(manager: EntityManager, where: FindOptionsWhere<Transfer>): Promise<Transfer> {
    return (await holdTransfer(manager, where)) ?? refuse();
  }
}

function refuse(): never {
  const detail = 'There is no such transfer, or it has ended, or this plane has a different role in it.';
  throw new DomainError('transfer_not_found', 'not_found', detail);
}

/**
 * Whether a run may begin. Runs of earlier generations may
 * not, because they started before the transfer was restarted.
 */
function mayBegin(name: string, { generation }: Transfer, newest: string | null): boolean {
  return (generationOf(name) ?? generation) === generation && isLaterRun(name, newest);
}

function headerOf(sealed: string): TransferPartHeader | null {
  try {
    const header = decodeProtectedHeader(sealed) as unknown as TransferPartHeader;
    return isStorable(header) ? header : null;
  } catch {
    return null;
  }
}

/**
 * Whether the header's values can be stored. A plane may send any values. The
 * transfer id and the part number are compared with the request elsewhere.
 */
function isStorable({
  attempt,
  kind,
  changes,
}: Readonly<Record<keyof TransferPartHeader, unknown>>): boolean {
  const isAttempt = typeof attempt === 'string' && attempt.length >= 1 && attempt.length <= MAX_ATTEMPT;
  const isCount = Number.isInteger(changes) && Number(changes) >= 0 && Number(changes) <= MAX_CHANGES;
  return isAttempt && isCount && KINDS.some((one) => one === kind);
}

function notThatPart(): DomainError {
  return validationFailed([{ field: 'body', message: 'must be the JWE of this part of this transfer' }]);
}

function outOfOrder(): DomainError {
  return new DomainError(
    'transfer_out_of_order',
    'conflict',
    'An earlier part is missing, or another attempt has started in the meantime. Start over with a new ' +
      'attempt.',
  );
}

function targetIsBehind(): DomainError {
  const detail =
    'The target has not imported the earlier parts yet. Send these changes later, together with newer ones.';
  return new DomainError('target_behind', 'too_many', detail, {}, { 'retry-after': '1' });
}

function importSuperseded(): DomainError {
  const detail =
    'Another import of this transfer has started since, or this import never requested the first part. ' +
    'Start over under a new name.';
  return new DomainError('import_superseded', 'conflict', detail);
}

function tooManyParts(): DomainError {
  const detail =
    `A transfer has at most ${MAX_PARTS} parts. Start over with a new attempt, whose rows include the ` +
    'changes so far.';
  return new DomainError('transfer_too_long', 'conflict', detail);
}
