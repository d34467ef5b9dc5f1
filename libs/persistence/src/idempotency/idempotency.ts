import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@atlas/platform';
import { type EntityManager, type EntityTarget, type ObjectLiteral } from 'typeorm';
import { type RowValues } from '../rows/row-values';
import { insertIfAbsent, isLockTimeout, together } from '../rows/rows';

/** How long a response is stored for repeats of its request. */
export const KEPT_SECONDS = 24 * 3600;
/** How long a duplicate waits for the first request to finish. */
const PATIENCE_MS = 10_000;

export interface RepeatableRequest {
  /** Caller, method and path. The same key in another scope is a different key. */
  readonly scope: readonly string[];
  readonly key: string | undefined;
  readonly body: unknown;
}

/** What a repeat gets in place of a secret that must not be stored. */
export type ForRepeats<A> = (answer: A) => A;

/** What is stored for a key. `answer` is null while the first request is still running. */
export interface KeptAnswer<A> {
  readonly bodyHash: string;
  readonly answer: A | null;
}

/** The row that stores a key. */
export interface KeyClaim {
  /** SHA-256 of the scope and the key. */
  readonly scope: string;
  readonly bodyHash: string;
  readonly expiresAt: Date;
}

/** Another request has claimed the key, so the response to that request is returned. */
class KeyIsTaken extends Error {}

/**
 * Makes a request safe to repeat (draft-ietf-httpapi-idempotency-key-header). The key, the response and the
 * request's changes are stored in one transaction. Each plane decides how keys are stored, and to whom they
 * belong. A stored response may contain a secret, so it is returned only in a transaction that first checks
 * the caller's access again, as a write does.
 */
export abstract class Idempotency<A = unknown, R extends RepeatableRequest = RepeatableRequest> {
  /**
   * The requests that this process is running, by key. Duplicates wait here, so that they occupy no database
   * connection.
   */
  private readonly inWork = new Map<string, Promise<unknown>>();

  /** Runs `work` at most once per key. `work` may write only in the given transaction. */
  async once(
    request: R,
    work: (manager: EntityManager) => Promise<A>,
    forRepeats: ForRepeats<A> = (answer) => answer,
  ): Promise<A> {
    const { key, body } = request;
    if (key === undefined) return this.transaction(request, work);
    requireSensibleKey(key);
    const scope = sha256(JSON.stringify([...request.scope, key]));
    const bodyHash = sha256(JSON.stringify(body ?? null));
    for (let first = this.inWork.get(scope); first; first = this.inWork.get(scope)) {
      await settledSoon(first);
      const kept = await this.keptFor(request, scope);
      // If no response is stored, the first request failed and changed nothing, so the next request may run.
      if (kept) return replay(kept, bodyHash);
    }
    const attempt = this.attempt(request, { scope, bodyHash }, work, forRepeats);
    this.inWork.set(scope, attempt);
    try {
      return await attempt;
    } catch (error) {
      if (error instanceof KeyIsTaken) return replay(await this.keptFor(request, scope), bodyHash);
      throw error;
    } finally {
      this.inWork.delete(scope);
    }
  }

  protected abstract now(): Date;
  protected abstract transaction<T>(request: R, work: (manager: EntityManager) => Promise<T>): Promise<T>;
  /**
   * Runs `work` in a transaction that takes the same lock as a write by the caller. Throws if the caller no
   * longer has access.
   */
  protected abstract admitted<T>(request: R, work: () => Promise<T>): Promise<T>;
  protected abstract find(request: R, scope: string): Promise<KeptAnswer<A> | null>;
  /** Claims the key. Returns false if another request has already claimed it. */
  protected abstract claim(manager: EntityManager, request: R, claim: KeyClaim): Promise<boolean>;
  protected abstract keep(manager: EntityManager, request: R, claim: KeyClaim, answer: A): Promise<void>;

  /**
   * Throws `request_in_progress` if waiting for the lock on the key times out. Timeouts of other locks are
   * rethrown unchanged.
   */
  protected async insertKey<T extends ObjectLiteral>(
    manager: EntityManager,
    entity: EntityTarget<T>,
    row: RowValues<NoInfer<T>>,
  ): Promise<boolean> {
    try {
      return await insertIfAbsent(manager, entity, row);
    } catch (error) {
      throw isLockTimeout(error) ? requestInProgress() : error;
    }
  }

  private keptFor(request: R, scope: string): Promise<KeptAnswer<A> | null> {
    return this.admitted(request, () => this.find(request, scope));
  }

  private attempt(
    request: R,
    asked: Pick<KeyClaim, 'scope' | 'bodyHash'>,
    work: (manager: EntityManager) => Promise<A>,
    forRepeats: ForRepeats<A>,
  ): Promise<A> {
    return this.transaction(request, async (manager) => {
      const claim = { ...asked, expiresAt: new Date(this.now().getTime() + KEPT_SECONDS * 1000) };
      // Not awaited here, so that the first statements of `work` are sent in the same message.
      const claiming = this.claim(manager, request, claim).then((isOurs) => {
        if (!isOurs) throw new KeyIsTaken();
      });
      const [, answer] = await together<[unknown, A]>([claiming, work(manager)]);
      await this.keep(manager, request, claim, forRepeats(answer));
      return answer;
    });
  }
}

function replay<A>(kept: KeptAnswer<A> | null, bodyHash: string): A {
  if (!kept || kept.answer === null) throw requestInProgress();
  if (kept.bodyHash === bodyHash) return kept.answer;
  const detail =
    'This Idempotency-Key was used with a different body. Send the same body, or choose a new key.';
  throw new DomainError('idempotency_key_reused', 'unprocessable', detail);
}

/** Waits until a promise settles, up to a time limit. */
async function settledSoon(promise: Promise<unknown>): Promise<void> {
  const patience = new AbortController();
  const tooLong = delay(PATIENCE_MS, 'late', { signal: patience.signal, ref: false }).catch(() => undefined);
  const outcome = await Promise.race([promise.then(undefined, () => undefined), tooLong]);
  patience.abort();
  if (outcome === 'late') throw requestInProgress();
}

/** Throws `validation_failed` if the key is malformed. */
export function requireSensibleKey(key: string): void {
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
  const detail =
    'The first request with this Idempotency-Key is still running. Repeat the request to get its response.';
  return new DomainError('request_in_progress', 'conflict', detail, {}, { 'retry-after': '1' });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
