import { createHash } from 'node:crypto';
import { canonicalJson } from '../audit/audit-record';
import { DomainError } from '../errors/errors';

/** Derives the version of a thing from its view. Different states of a thing have different versions. */
export type VersionOf<View> = (view: View) => string;

/** For things whose changes set `updated_at` with {@link timeOfChange}. */
export const byUpdatedAt: VersionOf<{ readonly updated_at: Date }> = (view) => view.updated_at.toISOString();

export const byNumber: VersionOf<{ readonly version: number }> = (view) => String(view.version);

/**
 * For things that record no time of change, or are not stored until someone sets them: a hash of the fields
 * that a request can change. If a change is reverted, the earlier version counts again, because whoever read
 * it still sees what is stored.
 */
export function byContent<View>(...fields: readonly (keyof View)[]): VersionOf<View> {
  return (view) => {
    const content: unknown = JSON.parse(JSON.stringify(fields.map((field) => view[field])));
    return createHash('sha256').update(canonicalJson(content)).digest('base64url').slice(0, 22);
  };
}

/**
 * The time of a change, for `updated_at`. It is later than the time of the previous change even if both
 * happen in the same millisecond, or the clock was set back. Call it with the row locked.
 */
export function timeOfChange(now: Date, previous: Date): Date {
  return new Date(Math.max(now.getTime(), previous.getTime() + 1));
}

export function entityTag(version: string): string {
  return `"${version}"`;
}

/** Proxies that compress a response mark its tag as weak. It names the same version. */
const TAG = /^(?:W\/)?"([\x21\x23-\x7e]{1,200})"$/;

/** The version that a request's `If-Match` names (RFC 9110, section 13.1.1). */
export class ExpectedVersion<View> {
  private constructor(
    private readonly versionOf: VersionOf<View>,
    /** Null if any version will do. */
    private readonly expected: string | null,
  ) {}

  /** Throws `validation_failed` if the header is malformed. */
  static in<View>(header: string | undefined, versionOf: VersionOf<View>): ExpectedVersion<View> {
    if (header === undefined || header === '*') return new ExpectedVersion(versionOf, null);
    const [, version] = TAG.exec(header) ?? [];
    if (version === undefined) throw malformed();
    return new ExpectedVersion(versionOf, version);
  }

  /**
   * Throws `changed_meanwhile`. Call it in the transaction of the write, with the row locked, so that of two
   * requests with the same version only one succeeds.
   */
  require(current: View): void {
    const version = this.versionOf(current);
    if (this.expected === null || this.expected === version) return;
    const detail =
      'This was changed after you read it, so nothing was written. Compare your change with `current`, and ' +
      `send it again with If-Match: ${entityTag(version)}.`;
    throw new DomainError('changed_meanwhile', 'outdated', detail, { current }, { etag: entityTag(version) });
  }
}

function malformed(): DomainError {
  const message = 'must be * or one version in double quotes, such as "2026-01-31T12:00:00.000Z"';
  return new DomainError(
    'validation_failed',
    'invalid',
    `If-Match ${message}. Send the ETag of the response that you read.`,
    { errors: [{ field: 'if-match', message }] },
  );
}
