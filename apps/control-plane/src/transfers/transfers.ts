import { Signals, insertRow, lockedForUpdate } from '@atlas/persistence';
import { LEVEL_CHANGES } from '@atlas/plane-contract';
import { Clock } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type JWK, calculateJwkThumbprint } from 'jose';
import { type EntityManager, type FindOptionsWhere, IsNull } from 'typeorm';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { Transfer, TransferPart } from '../registry/transfer.entity';

/**
 * While this many parts are still to be imported, no more changes are accepted. A source
 * gets this far ahead if the target starts over or if the source runs an older version.
 */
const MAX_BEHIND = 3;

/** The transfers of moves between planes. */
@Injectable()
export class Transfers {
  constructor(
    private readonly signals: Signals,
    private readonly clock: Clock,
  ) {}

  live(manager: EntityManager, tenantId: string): Promise<Transfer | null> {
    return manager.findOneBy(Transfer, { tenantId, purpose: 'move', endedAt: IsNull() });
  }

  /**
   * Returns the live transfer if it is between these planes and encrypted to
   * the target's current key. Otherwise replaces it, because the rows copied
   * so far are useless for this move or cannot be decrypted by the target.
   */
  async open(
    manager: EntityManager,
    between: Pick<Transfer, 'tenantId' | 'sourcePlaneId' | 'targetPlaneId'>,
  ): Promise<Transfer> {
    const known = await this.live(manager, between.tenantId);
    if (known && isBetween(known, between) && !(await isToOldKey(manager, known))) return known;
    if (known) await this.end(manager, between.tenantId);
    const { publicKey } = await manager.findOneByOrFail(TenantPlane, { id: between.targetPlaneId });
    const recipient = publicKey as Record<string, unknown>;
    const transfer = newTransfer({ ...between, purpose: 'move', recipient }, this.clock.now());
    await insertRow(manager, Transfer, transfer);
    return transfer;
  }

  async freeze(manager: EntityManager, id: string, frozenAt: Date): Promise<void> {
    await manager.update(Transfer, { id }, { frozenAt });
  }

  /**
   * Replaces the live transfer with a new one. Nothing sent or imported for
   * the old one counts, even if a plane does not know of the new one yet.
   */
  async replace(manager: EntityManager, tenantId: string): Promise<void> {
    const ended = await this.end(manager, tenantId);
    if (ended) await this.open(manager, ended);
  }

  /** Ends the live transfer and deletes its parts. Its row stays as a record. */
  async end(manager: EntityManager, tenantId: string): Promise<Transfer | null> {
    const transfer = await this.live(manager, tenantId);
    if (!transfer) return null;
    await manager.update(Transfer, { id: transfer.id }, { endedAt: this.clock.now() });
    await manager.delete(TransferPart, { transferId: transfer.id });
    this.signals.publish(topicOf(transfer.id));
    return transfer;
  }
}

/**
 * Whether the target has since re-enrolled with another key. Such a target
 * cannot decrypt parts encrypted to the old key, so it needs a new transfer.
 */
export async function isToOldKey(
  manager: EntityManager,
  { targetPlaneId: id, recipient }: Transfer,
): Promise<boolean> {
  const { publicKey } = await manager.findOneByOrFail(TenantPlane, { id });
  const [now, then] = [publicKey, recipient].map((key) => calculateJwkThumbprint(key as JWK));
  return (await now) !== (await then);
}

export function newTransfer(
  facts: Pick<Transfer, 'tenantId' | 'sourcePlaneId' | 'targetPlaneId' | 'purpose' | 'recipient'>,
  now: Date,
): Transfer {
  return {
    ...facts,
    id: uuidv7(now),
    keySealed: null,
    planeKey: null,
    version: null,
    madeBy: null,
    forkedBefore: null,
    manifest: null,
    attempt: null,
    parts: 0,
    lastKind: null,
    lastChanges: 0,
    imported: 0,
    importer: null,
    generation: 1,
    createdAt: now,
    followingSince: null,
    frozenAt: null,
    endedAt: null,
  };
}

/**
 * Locks a live transfer. Until the transaction ends, the
 * transfer cannot end, and no part is stored or handed out.
 */
export function holdTransfer(
  manager: EntityManager,
  which: FindOptionsWhere<Transfer>,
): Promise<Transfer | null> {
  const query = manager.createQueryBuilder(Transfer, 'transfer').where({ ...which, endedAt: IsNull() });
  return lockedForUpdate(query).getOne();
}

/** Whether the transfer has exactly this source and this target. */
export function isBetween(
  { sourcePlaneId, targetPlaneId }: Transfer,
  planes: Pick<Transfer, 'sourcePlaneId' | 'targetPlaneId'>,
): boolean {
  return sourcePlaneId === planes.sourcePlaneId && targetPlaneId === planes.targetPlaneId;
}

/**
 * Whether the target has all rows except a few changes, which may still be in transit. A busy source
 * sends the next part as soon as the previous one is imported, so waiting until nothing is in transit
 * could take forever. Also true if the source was frozen from the start and the target has everything.
 */
export function isLevel(transfer: Transfer): boolean {
  const { lastKind, lastChanges, parts, imported } = transfer;
  const isLittle = lastKind === 'changes' && lastChanges <= LEVEL_CHANGES;
  return isWhole(transfer) || (isLittle && imported > 0 && parts - imported <= 1);
}

/** Whether the source must wait for the target before it sends more changes. Once frozen, it never waits. */
export function isBehind({ purpose, frozenAt, parts, imported }: Transfer): boolean {
  return purpose === 'move' && frozenAt === null && parts - imported >= MAX_BEHIND;
}

/**
 * Whether the target has imported and verified everything. Reliable
 * only under {@link holdTransfer}, because a target may start over.
 */
export function isWhole({ lastKind, parts, imported }: Transfer): boolean {
  return lastKind === 'last' && imported === parts;
}

export function topicOf(transferId: string): string {
  return `transfer:${transferId}`;
}
