import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Database, SecretBox, insertIfAbsent, isLockTimeout } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, LessThan } from 'typeorm';
import { IdempotencyRecord } from './idempotency-key.entity';

const KEPT_SECONDS = 24 * 3600;
/** How long a duplicate waits for the first to finish. */
const PATIENCE_MS = 10_000;

export interface RepeatableRequest {
  /** Caller, method and path: a key means nothing outside of them. */
  readonly scope: readonly string[];
  readonly key: string | undefined;
  readonly body: unknown;
}

/** What a request answers. `install` is shown once, so it is kept apart and erased when `tokenId` is spent. */
export interface RepeatableAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly install?: { readonly tokenId: string; readonly bundle: unknown };
}

/** Somebody else holds this key: the answer is theirs. */
class KeyIsTaken extends Error {}

/** Makes a request safe to repeat: the key, its answer and the work are one transaction. */
@Injectable()
export class Idempotency {
  /** Requests of this process that hold a key; their duplicates wait here, not in the database's pool. */
  private readonly inWork = new Map<string, Promise<unknown>>();

  constructor(
    private readonly database: Database,
    private readonly box: SecretBox,
    private readonly clock: Clock,
  ) {}

  /** `work` runs at most once a key; it writes in the given transaction only. */
  async once(
    request: RepeatableRequest,
    work: (manager: EntityManager) => Promise<RepeatableAnswer>,
  ): Promise<RepeatableAnswer> {
    const { key, body } = request;
    if (key === undefined) return this.database.write(work);
    requireSensibleKey(key);
    const scope = sha256(JSON.stringify([...request.scope, key]));
    const bodyHash = sha256(JSON.stringify(body ?? null));
    for (let first = this.inWork.get(scope); first; first = this.inWork.get(scope)) {
      await settledSoon(first);
      const record = await this.find(scope);
      // Without one the first has failed and left nothing: the next may try.
      if (record) return this.replay(record, bodyHash);
    }
    const attempt = this.attempt(scope, bodyHash, work);
    this.inWork.set(scope, attempt);
    try {
      return await attempt;
    } catch (error) {
      if (error instanceof KeyIsTaken) return this.replay(await this.find(scope), bodyHash);
      throw isLockTimeout(error) ? requestInProgress() : error;
    } finally {
      this.inWork.delete(scope);
    }
  }

  /** Spent or revoked, a token's bundle is not shown again. */
  async eraseInstall(manager: EntityManager, tokenId: string): Promise<void> {
    await manager.update(IdempotencyRecord, { tokenId }, { installSealed: null });
  }

  /** Forgets the answers that are too old to be repeated. */
  async sweep(): Promise<void> {
    const expiresAt = LessThan(this.clock.now());
    await this.database.write((manager) => manager.delete(IdempotencyRecord, { expiresAt }));
  }

  private attempt(
    scope: string,
    bodyHash: string,
    work: (manager: EntityManager) => Promise<RepeatableAnswer>,
  ): Promise<RepeatableAnswer> {
    return this.database.write(async (manager) => {
      const now = this.clock.now();
      const expiresAt = new Date(now.getTime() + KEPT_SECONDS * 1000);
      const placeholder = {
        scope,
        bodyHash,
        status: 0,
        answerSealed: '',
        installSealed: null,
        tokenId: null,
      };
      // Not awaited: the work's statements travel in the same message.
      const claim = insertIfAbsent(manager, IdempotencyRecord, { ...placeholder, createdAt: now, expiresAt });
      const [claimed, answer] = await Promise.allSettled([claim, work(manager)]);
      if (claimed.status === 'rejected') throw claimed.reason;
      if (!claimed.value) throw new KeyIsTaken();
      if (answer.status === 'rejected') throw answer.reason;
      await manager.update(IdempotencyRecord, { scope }, this.sealed(scope, answer.value));
      return answer.value;
    });
  }

  private sealed(scope: string, { install, ...answer }: RepeatableAnswer): Partial<IdempotencyRecord> {
    return {
      status: answer.status,
      answerSealed: this.box.seal(JSON.stringify(answer), placeOf(scope, 'answer_sealed')),
      installSealed: install
        ? this.box.seal(JSON.stringify(install), placeOf(scope, 'install_sealed'))
        : null,
      tokenId: install?.tokenId ?? null,
    };
  }

  private find(scope: string): Promise<IdempotencyRecord | null> {
    return this.database.read((manager) => manager.findOneBy(IdempotencyRecord, { scope }));
  }

  private replay(record: IdempotencyRecord | null, bodyHash: string): RepeatableAnswer {
    const { scope = '' } = record ?? {};
    if (!record || record.status === 0) throw requestInProgress();
    if (record.bodyHash !== bodyHash) {
      const detail =
        'This Idempotency-Key was used with another body. Send the same body, or choose a new key.';
      throw new DomainError('idempotency_key_reused', 'unprocessable', detail);
    }
    const answer = JSON.parse(
      this.box.open(record.answerSealed, placeOf(scope, 'answer_sealed')),
    ) as RepeatableAnswer;
    if (record.tokenId === null) return answer;
    if (record.installSealed === null) return { ...answer, body: { ...answer.body, install: null } };
    return {
      ...answer,
      install: JSON.parse(this.box.open(record.installSealed, placeOf(scope, 'install_sealed'))),
    };
  }
}

/** Waits until a promise is settled, but not for ever. */
async function settledSoon(promise: Promise<unknown>): Promise<void> {
  const patience = new AbortController();
  const tooLong = delay(PATIENCE_MS, 'late', { signal: patience.signal, ref: false }).catch(() => undefined);
  const outcome = await Promise.race([promise.then(undefined, () => undefined), tooLong]);
  patience.abort();
  if (outcome === 'late') throw requestInProgress();
}

function requireSensibleKey(key: string): void {
  if (/^[\x21-\x7e]{1,200}$/.test(key)) return;
  throw new DomainError(
    'validation_failed',
    'invalid',
    'Idempotency-Key must be 1 to 200 visible ASCII characters.',
    {
      errors: [{ field: 'idempotency-key', message: 'must be 1 to 200 visible ASCII characters' }],
    },
  );
}

function requestInProgress(): DomainError {
  const detail = 'The first request with this Idempotency-Key is still in work. Repeat it to get its answer.';
  return new DomainError('request_in_progress', 'conflict', detail, {}, { 'retry-after': '1' });
}

function placeOf(scope: string, column: string) {
  return { table: 'idempotency_keys', column, rowId: scope, ownerId: 'control-plane' };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
