import { randomBytes } from 'node:crypto';
import {
  type KeptAnswer,
  type RepeatableRequest,
  type SealedPlace,
  SecretBox,
  deriveKey,
} from '@atlas/persistence';
import { DomainError, type Secret, type SecretText, revealed } from '@atlas/platform';
import { type IdempotencyRecord } from './idempotency-record.entity';

export type Answer = Record<string, unknown>;
type Row = Pick<IdempotencyRecord, 'tenantId' | 'scope'>;

const NO_SECRET = '';

/** What is sealed. The hash is included, because the body may contain a guessable secret. */
interface Sealed {
  readonly bodyHash: string;
  readonly answer: Answer;
}

export interface KeyedRequest extends RepeatableRequest {
  readonly takesSecret: boolean;
  readonly showsSecret: boolean;
}

/**
 * Seals the stored responses, each with the hash of its request. A response can be decrypted with the
 * client's key, even on a plane that the tenant has moved to. If the request or the response contains a
 * secret, the client's key is not enough, because clients may choose guessable keys, and the hash in the row
 * would confirm a guess. Such a response also needs a secret from the plane's environment, which no dump of
 * the database contains. Without it, a repeat is not carried out again: it is refused with `answer_not_kept`.
 * So `INTERNAL_SERVICE_SECRET_PREVIOUS` must stay for a day after a rotation, and a repeat after a move is
 * refused. Showing the response without comparing the bodies would confirm a request that was never carried
 * out.
 */
export class SealedAnswers {
  private readonly ofProcess = randomBytes(32).toString('base64');

  /** Seals with the newest secret, and decrypts with any of them. */
  constructor(private readonly secrets: readonly Secret[]) {}

  seal(request: KeyedRequest, row: Row, sealed: Sealed): string {
    const [newest = NO_SECRET] = this.secretsFor(request);
    return boxOf(request, newest).seal(JSON.stringify(sealed), placeOf(row));
  }

  /** Throws `answer_not_kept`. */
  open(
    request: KeyedRequest,
    record: Pick<IdempotencyRecord, keyof Row | 'bodyHash'>,
    sealed: string,
  ): KeptAnswer<Answer> {
    for (const secret of this.secretsFor(request)) {
      const plain = openedBy(boxOf(request, secret), sealed, placeOf(record));
      if (plain) return JSON.parse(plain.reveal()) as Sealed;
    }
    const plain = openedBy(boxOfBefore(request), sealed, placeOf(record));
    if (!plain) throw answerNotKept();
    return { bodyHash: record.bodyHash, answer: JSON.parse(plain.reveal()) as Answer };
  }

  /**
   * Newest first. If the plane has no secret, its database alone decrypts the tenants' secrets, so nothing is
   * gained by a secret of the process for the hash of a body. It is used for responses, which can then be
   * decrypted only until this process exits. Earlier versions sealed all but such responses without a secret.
   */
  private secretsFor({ takesSecret, showsSecret }: KeyedRequest): readonly SecretText[] {
    if (showsSecret) return this.secrets.length > 0 ? this.secrets : [this.ofProcess];
    return takesSecret ? [...this.secrets, NO_SECRET] : [NO_SECRET];
  }
}

function boxOf({ scope, key }: RepeatableRequest, secret: SecretText): SecretBox {
  const material = JSON.stringify([revealed(secret), ...scope, key]);
  return new SecretBox([{ id: 'env', key: deriveKey(material, 'atlas-kept-answer') }]);
}

/**
 * Decrypts responses from the previous version, which sealed the response without a hash, and with only the
 * client's key. Such responses expire within a day.
 */
function boxOfBefore({ scope, key }: RepeatableRequest): SecretBox {
  return new SecretBox([{ id: 'key', key: deriveKey(JSON.stringify([...scope, key]), 'atlas-kept-answer') }]);
}

function openedBy(box: SecretBox, sealed: string, place: SealedPlace): Secret | null {
  try {
    return box.open(sealed, place);
  } catch {
    return null;
  }
}

function placeOf({ tenantId, scope }: Row): SealedPlace {
  return { table: 'idempotency_keys', column: 'answer', rowId: scope, ownerId: tenantId };
}

function answerNotKept(): DomainError {
  const detail =
    'The request with this Idempotency-Key was executed. Its response cannot be shown again, because this ' +
    'plane does not have the secret that sealed it: INTERNAL_SERVICE_SECRET was changed, a plane without ' +
    'one was restarted, or the tenant has moved. Check what exists before you send the request with a new ' +
    'key.';
  return new DomainError('answer_not_kept', 'conflict', detail);
}
