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
import { type OperatorCaller } from '../accounts/caller';
import { asAdmitted } from '../accounts/operator-lock';
import { IdempotencyRecord } from './idempotency-key.entity';
import { SEALED, type SealedColumn, placeIn } from '../sealing/sealed-columns';

/** What a request answers. `install` is shown once, so it is kept apart and erased when `tokenId` is spent. */
export interface RepeatableAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly install?: { readonly tokenId: string; readonly bundle: unknown };
}

/** Answers are kept sealed: they may hold what is shown once. */
@Injectable()
export class SealedIdempotency extends Idempotency<RepeatableAnswer> {
  constructor(
    private readonly database: Database,
    private readonly box: SecretBox,
    private readonly clock: Clock,
  ) {
    super();
  }

  /** What an operator begins with a POST. Their access may have been revoked since they were let in. */
  onceBy(
    caller: OperatorCaller,
    { path, ...request }: Pick<RepeatableRequest, 'key' | 'body'> & { readonly path: string },
    work: (manager: EntityManager) => Promise<RepeatableAnswer>,
  ): Promise<RepeatableAnswer> {
    return this.once({ ...request, scope: [caller.id, 'POST', path] }, (manager) =>
      asAdmitted(manager, caller, this.clock, () => work(manager)),
    );
  }

  /** Spent or revoked, a token's bundle is not shown again. */
  async eraseInstall(manager: EntityManager, tokenId: string): Promise<void> {
    await manager.update(IdempotencyRecord, { tokenId }, { installSealed: null });
  }

  /** Forgets the answers that are too old to be repeated. */
  async sweep(): Promise<void> {
    const where = { expiresAt: LessThan(this.clock.now()) };
    const write = this.database.write.bind(this.database);
    await deleteOldRows(write, { entity: IdempotencyRecord, key: 'scope', where });
  }

  protected now(): Date {
    return this.clock.now();
  }

  protected transaction<T>(
    _request: RepeatableRequest,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    return this.database.write(work);
  }

  protected claim(manager: EntityManager, _request: RepeatableRequest, claim: KeyClaim): Promise<boolean> {
    const inWork = { status: 0, answerSealed: '', installSealed: null, tokenId: null };
    return this.insertKey(manager, IdempotencyRecord, { ...claim, ...inWork, createdAt: this.clock.now() });
  }

  protected async keep(
    manager: EntityManager,
    _request: RepeatableRequest,
    { scope }: KeyClaim,
    { install, ...answer }: RepeatableAnswer,
  ): Promise<void> {
    const seal = (value: unknown, column: SealedColumn): string =>
      this.box.seal(JSON.stringify(value), placeIn(column, scope));
    const sealed = {
      status: answer.status,
      answerSealed: seal(answer, SEALED.idempotencyAnswer),
      installSealed: install ? seal(install, SEALED.idempotencyInstall) : null,
      tokenId: install?.tokenId ?? null,
    };
    await manager.update(IdempotencyRecord, { scope }, sealed);
  }

  protected async find(
    _request: RepeatableRequest,
    scope: string,
  ): Promise<KeptAnswer<RepeatableAnswer> | null> {
    const record = await this.database.read((manager) => manager.findOneBy(IdempotencyRecord, { scope }));
    if (!record) return null;
    return { bodyHash: record.bodyHash, answer: record.status === 0 ? null : this.opened(record) };
  }

  private opened({ scope, answerSealed, installSealed, tokenId }: IdempotencyRecord): RepeatableAnswer {
    const open = (sealed: string, column: SealedColumn): unknown =>
      JSON.parse(this.box.open(sealed, placeIn(column, scope)).reveal());
    const answer = open(answerSealed, SEALED.idempotencyAnswer) as RepeatableAnswer;
    if (tokenId === null) return answer;
    if (installSealed === null) return { ...answer, body: { ...answer.body, install: null } };
    return {
      ...answer,
      install: open(installSealed, SEALED.idempotencyInstall) as RepeatableAnswer['install'],
    };
  }
}
