import { type ErrorKind } from '../errors/errors';

/** What docs/openapi says about an operation in addition to its contract. */
export interface ApiNotes {
  readonly isExcluded?: boolean;
  readonly takesBearer?: boolean;
  readonly takesIdempotencyKey?: boolean;
  readonly isVersioned?: boolean;
  readonly tags?: readonly string[];
  /** Media types of the request and the response, if not JSON. */
  readonly consumes?: readonly string[];
  readonly produces?: readonly string[];
  readonly refuses?: readonly ErrorKind[];
}

type Decorator = (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => void;

const NOTES = 'platform:api-notes';

/** The notes on a controller or handler. */
export function apiNotesOf(target: object): ApiNotes {
  return (Reflect.getOwnMetadata(NOTES, target) as ApiNotes | undefined) ?? {};
}

/** Merges the notes with earlier notes on the same target. Refusals are appended. */
function noting(notes: ApiNotes): Decorator {
  return (target, _, descriptor) => {
    const noted = (descriptor?.value as object | undefined) ?? target;
    const before = apiNotesOf(noted);
    const refuses = [...(before.refuses ?? []), ...(notes.refuses ?? [])];
    Reflect.defineMetadata(NOTES, { ...before, ...notes, refuses }, noted);
  };
}

export const ApiTags = (...tags: string[]): Decorator => noting({ tags });
export const ApiBearerAuth = (): Decorator => noting({ takesBearer: true });
export const ApiConsumes = (...consumes: string[]): Decorator => noting({ consumes });
export const ApiProduces = (...produces: string[]): Decorator => noting({ produces });

/** For pages and probes, which are not part of the API. */
export const ApiExcludeController = (): Decorator => noting({ isExcluded: true });

/** Documents that a request may be repeated with the same Idempotency-Key. */
export const ApiIdempotencyKey = (): Decorator => noting({ takesIdempotencyKey: true });

/** Documents that responses carry an `ETag`, and that a request that changes something takes `If-Match`. */
export const ApiVersioned = (): Decorator => noting({ isVersioned: true });

/** Documents refusals that cannot be derived from the operation's contract. */
export const Refuses = (...refuses: ErrorKind[]): Decorator => noting({ refuses });
