import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { SecretBox, insertRow, updateRows } from '@atlas/persistence';
import { BACKUP_KEY_TYPE, type LastPart, type Manifest } from '@atlas/plane-contract';
import { Clock, type Secret } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import {
  CompactEncrypt,
  type CryptoKey,
  type JWK,
  calculateJwkThumbprint,
  compactDecrypt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
} from 'jose';
import { type EntityManager, type FindOptionsWhere, In, IsNull, Not } from 'typeorm';
import { Placement } from '../registry/placement.entity';
import { lockPlane } from '../registry/plane-lock';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { Transfer, TransferPart } from '../registry/transfer.entity';
import { SEALED, placeIn } from '../sealing/sealed-columns';
import { newTransfer } from './transfers';

const KEY_AGREEMENT = 'ECDH-ES';
const ENCRYPTION = 'A256GCM';

/**
 * Backups of deprovisioned tenants. A backup consists of parts like those of a move, encrypted to its own key
 * pair. The private key is sealed here and erased with the backup.
 */
@Injectable()
export class Backups {
  constructor(
    private readonly box: SecretBox,
    private readonly clock: Clock,
  ) {}

  /** The backup that is being made or restored. */
  live(manager: EntityManager, tenantId: string): Promise<Transfer | null> {
    return manager.findOneBy(Transfer, { tenantId, purpose: Not('move'), endedAt: IsNull() });
  }

  /** The backup that is kept: complete and verified by a trial restore. */
  kept(manager: EntityManager, tenantId: string): Promise<Transfer | null> {
    const where = { tenantId, purpose: 'backup', keySealed: Not(IsNull()), endedAt: Not(IsNull()) } as const;
    return manager.findOne(Transfer, { where, order: { id: 'DESC' } });
  }

  /** Makes the plane send the tenant's rows and then perform a trial restore. */
  async begin(manager: EntityManager, tenantId: string, tenantPlaneId: string): Promise<Transfer> {
    const pair = await generateKeyPair(KEY_AGREEMENT, { crv: 'X25519', extractable: true });
    const planes = { sourcePlaneId: tenantPlaneId, targetPlaneId: tenantPlaneId };
    const recipient = { ...(await exportJWK(pair.publicKey)) };
    const backup = newTransfer({ tenantId, ...planes, purpose: 'backup', recipient }, this.clock.now());
    backup.keySealed = this.box.seal(
      JSON.stringify(await exportJWK(pair.privateKey)),
      placeIn(SEALED.transferKey, backup.id, backup.tenantId),
    );
    backup.planeKey = await this.keyFor(manager, backup, tenantPlaneId);
    const plane = await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId });
    backup.forkedBefore = plane.forkedAt;
    await insertRow(manager, Transfer, backup);
    return backup;
  }

  /**
   * Keeps a complete backup, and erases earlier ones, which are now outdated. Returns false if the backup has
   * changed since it was read, because its plane has started over. If the home was restored from an earlier
   * backup, it remains required to have the restored rows until this backup is erased too.
   */
  async keep(manager: EntityManager, backup: Transfer, manifest: Manifest): Promise<boolean> {
    const { id, attempt, parts, imported, sourcePlaneId } = backup;
    const asRead = { id, attempt: attempt ?? '', parts, imported, endedAt: IsNull() };
    const plane = await lockPlane(manager, sourcePlaneId);
    const madeBy = (await this.isGivenTo(backup, plane)) ? plane.instanceId : null;
    const kept = { manifest, version: plane.version, madeBy, planeKey: null, endedAt: this.clock.now() };
    if ((await updateRows(manager, Transfer, asRead, kept)) !== 1) return false;
    await this.forget(manager, { tenantId: backup.tenantId, id: Not(id) });
    return true;
  }

  /**
   * Makes a plane import the backup. Earlier imports do not count, because their rows may no longer exist.
   */
  async bringBack(manager: EntityManager, backup: Transfer, tenantPlaneId: string): Promise<void> {
    const planes = { sourcePlaneId: tenantPlaneId, targetPlaneId: tenantPlaneId };
    const planeKey = await this.keyFor(manager, backup, tenantPlaneId);
    const coming = { ...planes, ...anew(backup), planeKey, purpose: 'restore', endedAt: null } as const;
    await updateRows(manager, Transfer, { id: backup.id }, coming);
  }

  /**
   * If the plane has re-enrolled with another key, encrypts the backup's key to
   * the new one. Returns false if the plane already has the backup's key.
   */
  async renewPlaneKey(manager: EntityManager, backup: Transfer): Promise<boolean> {
    const { id, targetPlaneId } = backup;
    const plane = await manager.findOneByOrFail(TenantPlane, { id: targetPlaneId });
    if (await this.isGivenTo(backup, plane)) return false;
    const live = { id, targetPlaneId, endedAt: IsNull() };
    const planeKey = await this.keyFor(manager, backup, targetPlaneId);
    return (await updateRows(manager, Transfer, live, { ...anew(backup), planeKey })) === 1;
  }

  /** Whether the backup's key is encrypted to the plane's current key. */
  async isGivenTo({ planeKey }: Transfer, { publicKey }: TenantPlane): Promise<boolean> {
    return planeKey !== null && decodeProtectedHeader(planeKey).kid === (await keyIdOf(publicKey));
  }

  /** Ends a restore and keeps the backup. */
  async putBack(manager: EntityManager, { id }: Transfer): Promise<void> {
    await manager.update(
      Transfer,
      { id },
      {
        purpose: 'backup',
        planeKey: null,
        endedAt: this.clock.now(),
      },
    );
  }

  /**
   * Erases all backups of the tenant, or only the one with this id. A home that was
   * restored from an erased backup is no longer required to have the restored rows.
   */
  async erase(manager: EntityManager, tenantId: string, id?: string): Promise<void> {
    await this.forget(manager, { tenantId, ...(id !== undefined && { id }) });
    const backups = { tenantId, purpose: Not('move' as const), keySealed: IsNull() };
    const erased = await manager.find(Transfer, { where: backups, select: { id: true } });
    const came = { tenantId, restoredFrom: In(erased.map((one) => one.id)) };
    await manager.update(Placement, came, { restoredFrom: null, importedBy: null });
  }

  /** Erases each backup's key first, then its parts. The row stays as a record. */
  private async forget(manager: EntityManager, which: FindOptionsWhere<Transfer>): Promise<void> {
    const backups = await manager.findBy(Transfer, { ...which, purpose: Not('move') });
    for (const { id, endedAt } of backups) {
      const erased = { keySealed: null, planeKey: null, endedAt: endedAt ?? this.clock.now() };
      await manager.update(Transfer, { id }, erased);
      await manager.delete(TransferPart, { transferId: id });
    }
  }

  /**
   * Decrypts every stored part and returns the manifest from the
   * last one. Throws if a part is missing or was tampered with.
   */
  async read(manager: EntityManager, backup: Transfer): Promise<Manifest> {
    const key = await this.privateKey(backup);
    let last: Uint8Array = new Uint8Array();
    for (let part = 1; part <= backup.parts; part += 1) {
      const { sealed } = await manager.findOneByOrFail(TransferPart, { transferId: backup.id, part });
      last = (await compactDecrypt(sealed, key)).plaintext;
    }
    return (JSON.parse((await promisify(gunzip)(last)).toString('utf8')) as LastPart).manifest;
  }

  /** Encrypts the backup's key for the plane that is to use it. */
  private async keyFor(manager: EntityManager, backup: Transfer, id: string): Promise<string> {
    const { publicKey } = await manager.findOneByOrFail(TenantPlane, { id });
    const key = await importJWK(publicKey as JWK, KEY_AGREEMENT);
    const header = { alg: KEY_AGREEMENT, enc: ENCRYPTION, typ: BACKUP_KEY_TYPE };
    return new CompactEncrypt(Buffer.from(this.openKey(backup).reveal()))
      .setProtectedHeader({ ...header, kid: await keyIdOf(publicKey) })
      .encrypt(key);
  }

  private async privateKey(backup: Transfer): Promise<CryptoKey> {
    return (await importJWK(JSON.parse(this.openKey(backup).reveal()) as JWK, KEY_AGREEMENT)) as CryptoKey;
  }

  private openKey(backup: Transfer): Secret {
    if (backup.keySealed === null) throw new Error('The backup was erased.');
    return this.box.open(backup.keySealed, placeIn(SEALED.transferKey, backup.id, backup.tenantId));
  }
}

/** The thumbprint of a plane's key (RFC 7638). */
function keyIdOf(publicKey: unknown): Promise<string> {
  return calculateJwkThumbprint(publicKey as JWK);
}

/** Starts a new generation, so that earlier runs no longer count, even if their requests arrive late. */
function anew({ generation }: Transfer): Pick<Transfer, 'generation' | 'importer' | 'imported'> {
  return { generation: generation + 1, importer: null, imported: 0 };
}
