import {
  Database,
  Idempotency,
  type KeptAnswer,
  type KeyClaim,
  type RepeatableRequest,
  SecretBox,
  deleteOldRows,
} from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, LessThan } from 'typeorm';
import { type OperatorCaller } from '../access/caller';
import { OperatorWrites } from '../accounts/operator-writes';
import { SEALED, type SealedColumn, placeIn } from '../sealing/sealed-columns';
import { IdempotencyRecord } from './idempotency-key.entity';

/**
 * The response to a request. `install` is shown once, so it is stored
 * separately and erased once `tokenId` is redeemed or revoked.
 */
export interface OnceAnswered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly install?: { readonly tokenId: string; readonly bundle: unknown };
}

export interface RequestOfOperator extends RepeatableRequest {
  readonly caller: OperatorCaller;
}

/** What is sealed: a response and the hash of the request body. */
type Sealed = Omit<OnceAnswered, 'install'> & { readonly bodyHash?: string };

/** Seals the stored responses, because they may contain secrets that are shown once. */
@Injectable()
export class SealedIdempotency extends Idempotency<OnceAnswered, RequestOfOperator> {
  constructor(
    private readonly database: Database,
    private readonly box: SecretBox,
    private readonly writes: OperatorWrites,
    private readonly clock: Clock,
  ) {
    super();
  }

  /** Erases the bundle that contains this token. Call it once the token is redeemed or revoked. */
  async eraseInstall(manager: EntityManager, tokenId: string): Promise<void> {
    await manager.update(IdempotencyRecord, { tokenId }, { installSealed: null });
  }

  /** Deletes responses that have expired. */
  async sweep(): Promise<void> {
    const where = { expiresAt: LessThan(this.clock.now()) };
    const write = this.database.write.bind(this.database);
    await deleteOldRows(write, { entity: IdempotencyRecord, key: 'scope', where });
  }

  protected now(): Date {
    return this.clock.now();
  }

  protected transaction<T>(
    _request: RequestOfOperator,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    return this.database.write(work);
  }

  protected admitted<T>({ caller }: RequestOfOperator, work: () => Promise<T>): Promise<T> {
    return this.writes.by(caller, work);
  }

  protected claim(manager: EntityManager, _request: RequestOfOperator, claim: KeyClaim): Promise<boolean> {
    const inWork = { bodyHash: '', status: 0, answerSealed: '', installSealed: null, tokenId: null };
    return this.insertKey(manager, IdempotencyRecord, { ...claim, ...inWork, createdAt: this.clock.now() });
  }

  protected async keep(
    manager: EntityManager,
    _request: RequestOfOperator,
    { scope, bodyHash }: KeyClaim,
    { install, ...answer }: OnceAnswered,
  ): Promise<void> {
    const seal = (value: unknown, column: SealedColumn): string =>
      this.box.seal(JSON.stringify(value), placeIn(column, scope));
    const sealed = {
      status: answer.status,
      answerSealed: seal({ ...answer, bodyHash } satisfies Sealed, SEALED.idempotencyAnswer),
      installSealed: install ? seal(install, SEALED.idempotencyInstall) : null,
      tokenId: install?.tokenId ?? null,
    };
    await manager.update(IdempotencyRecord, { scope }, sealed);
  }

  protected async find(_request: RequestOfOperator, scope: string): Promise<KeptAnswer<OnceAnswered> | null> {
    const record = await this.database.read((manager) => manager.findOneBy(IdempotencyRecord, { scope }));
    if (!record || record.status === 0) return record && { bodyHash: record.bodyHash, answer: null };
    return this.opened(record);
  }

  private opened(record: IdempotencyRecord): KeptAnswer<OnceAnswered> {
    const { scope, answerSealed, installSealed, tokenId } = record;
    const open = (sealed: string, column: SealedColumn): unknown =>
      JSON.parse(this.box.open(sealed, placeIn(column, scope)).reveal());
    const { bodyHash = record.bodyHash, ...answer } = open(answerSealed, SEALED.idempotencyAnswer) as Sealed;
    if (tokenId === null) return { bodyHash, answer };
    if (installSealed === null)
      return { bodyHash, answer: { ...answer, body: { ...answer.body, install: null } } };
    const install = open(installSealed, SEALED.idempotencyInstall) as OnceAnswered['install'];
    return { bodyHash, answer: { ...answer, install } };
  }
}
