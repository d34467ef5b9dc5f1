import { DEVICE_SECONDS } from '@atlas/platform';
import { type EntityManager, type EntityTarget, LessThanOrEqual, MoreThan } from 'typeorm';
import { Column, PrimaryColumn } from 'typeorm';
import { TimestampColumn } from '../schema/columns';
import { insertRow } from '../rows/rows';

/** Without this limit, a client that never sends its token would add a row at every sign-in. */
const DEVICES_OF_USER = 50;

/** A device that has signed in to an account, identified by the SHA-256 of its token. */
export abstract class KnownDeviceRow {
  @PrimaryColumn('varchar', { name: 'token_hash' }) tokenHash: string;
  @Column('uuid', { name: 'user_id' }) userId: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
}

/** The devices of a plane's users, or of one tenant's users. */
export class KnownDevices {
  constructor(
    private readonly entity: EntityTarget<KnownDeviceRow>,
    private readonly manager: EntityManager,
    private readonly own: { readonly tenantId?: string } = {},
  ) {}

  /** The device's user; null if the device is unknown or has expired. */
  async userOf(tokenHash: string, now: Date): Promise<string | null> {
    const where = { ...this.own, tokenHash, expiresAt: MoreThan(now) };
    return (await this.manager.findOneBy(this.entity, where))?.userId ?? null;
  }

  async add(tokenHash: string, userId: string, now: Date): Promise<void> {
    const expiresAt = new Date(now.getTime() + DEVICE_SECONDS * 1000);
    await this.manager.delete(this.entity, { ...this.own, userId, expiresAt: LessThanOrEqual(now) });
    const [oldest] = await this.manager.find(this.entity, {
      where: { ...this.own, userId },
      order: { createdAt: 'DESC' },
      skip: DEVICES_OF_USER - 1,
      take: 1,
    });
    if (oldest)
      await this.manager.delete(this.entity, {
        ...this.own,
        userId,
        createdAt: LessThanOrEqual(oldest.createdAt),
      });
    await insertRow(this.manager, this.entity, {
      ...this.own,
      tokenHash,
      userId,
      createdAt: now,
      expiresAt,
    });
  }
}
