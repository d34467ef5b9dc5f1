import { isDeepStrictEqual } from 'node:util';
import { type TenantScope } from '@atlas/persistence';
import { DomainError, validationFailed } from '@atlas/platform';
import { type SloIndicator } from '@atlas/tenant-api/slos';
import { Injectable } from '@nestjs/common';
import { type SecretPlace, TenantSecrets } from '../tenant-secrets/tenant-secrets';
import { SealedHeaders } from './slo-credentials.entity';

export type SloHeaders = Readonly<Record<string, string>>;

const MAX_HEADERS = 10;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
const HEADER_VALUE = /^[\x21-\x7e]([\x20-\x7e]{0,3998}[\x21-\x7e])?$/;

/** Headers as they are stored, and the server that they are for. They are sent to no other. */
interface Stored {
  readonly origin: string;
  readonly headers: SloHeaders;
}

/** Stores the headers that are sent to the Prometheus servers of SLOs. Their values are never shown again. */
@Injectable()
export class SloCredentials {
  constructor(private readonly secrets: TenantSecrets) {}

  /** The headers for the server at a URL, which may have changed meanwhile. Throws `secret_unreadable`. */
  async of(scope: TenantScope, sloId: string, url: string): Promise<SloHeaders> {
    const stored = await this.stored(scope, sloId);
    return stored?.origin === new URL(url).origin ? stored.headers : {};
  }

  /**
   * Stores the headers of an indicator, and returns the indicator without them, and whether they have
   * changed. A header that is null, and all headers if none are given, are kept. Throws `credential_missing`
   * if a header cannot be kept, and `validation_failed`.
   */
  async store(
    scope: TenantScope,
    sloId: string,
    indicator: SloIndicator,
  ): Promise<{ readonly indicator: SloIndicator; readonly hasChanged: boolean }> {
    if (indicator.kind !== 'prometheus') return { indicator, hasChanged: false };
    const { kind, url, good_query, total_query, headers: given } = indicator;
    const { origin } = new URL(url);
    const stored = await this.storedFor(scope, sloId, given);
    const headers = completed(given ?? nulls(stored?.headers ?? {}), stored, origin);
    const shown = { kind, url, good_query, total_query };
    const named = { ...shown, headers: nulls(headers) };
    const hasChanged = !isDeepStrictEqual(headers, stored?.headers ?? {});
    if (Object.keys(headers).length === 0) {
      await this.forget(scope, sloId);
      return { indicator: shown, hasChanged };
    }
    const text = JSON.stringify({ origin, headers } satisfies Stored);
    const sealed = await this.secrets.seal(scope, placeOf(sloId), text);
    await scope.put(SealedHeaders, [{ sloId, sealed }]);
    return { indicator: named, hasChanged };
  }

  async forget(scope: TenantScope, sloId: string): Promise<void> {
    await scope.delete(SealedHeaders, { sloId });
  }

  private async stored(scope: TenantScope, sloId: string): Promise<Stored | null> {
    const row = await scope.findOne(SealedHeaders, { sloId });
    if (!row) return null;
    return JSON.parse((await this.secrets.open(scope, placeOf(sloId), row.sealed)).reveal()) as Stored;
  }

  /** Headers that cannot be decrypted can be replaced, but not kept. */
  private async storedFor(scope: TenantScope, sloId: string, given: GivenHeaders): Promise<Stored | null> {
    try {
      return await this.stored(scope, sloId);
    } catch (error) {
      if (!given || Object.values(given).includes(null)) throw error;
      return null;
    }
  }
}

type GivenHeaders = Readonly<Record<string, string | null>> | undefined;

function completed(
  given: NonNullable<GivenHeaders>,
  stored: Stored | null,
  origin: string,
): Record<string, string> {
  const entries = Object.entries(given).map(([name, value]) => {
    const kept = stored?.origin === origin ? stored.headers[name] : undefined;
    const found = value ?? kept;
    if (found === undefined) throw credentialMissing(name, origin);
    return [name, found] as const;
  });
  const isValid =
    entries.length <= MAX_HEADERS &&
    entries.every(
      ([name, value]) => HEADER_NAME.test(name) && typeof value === 'string' && HEADER_VALUE.test(value),
    );
  if (isValid) return Object.fromEntries(entries);
  const message = `headers must be at most ${MAX_HEADERS} names with printable ASCII values`;
  throw validationFailed([{ field: 'indicator.headers', message }]);
}

function nulls(headers: SloHeaders): Record<string, null> {
  return Object.fromEntries(Object.keys(headers).map((name) => [name, null]));
}

function placeOf(sloId: string): SecretPlace {
  return { table: 'slo_credentials', column: 'sealed', rowId: sloId };
}

function credentialMissing(name: string, origin: string): DomainError {
  const detail =
    `The header ${name} has no value, and none is stored for ${origin}. Enter the value, or leave the header ` +
    'out of headers. A stored value is kept only while the server of the URL stays the same.';
  return new DomainError('credential_missing', 'unprocessable', detail);
}
