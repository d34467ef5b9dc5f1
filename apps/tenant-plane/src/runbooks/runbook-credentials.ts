import { isDeepStrictEqual } from 'node:util';
import { type TenantScope } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type SecretPlace, TenantSecrets } from '../tenant-secrets/tenant-secrets';
import { SealedCredentials } from './runbook-credentials.entity';

/** Where a credential is sent. It is sent nowhere else, so nobody can direct it to a server of their own. */
export interface CredentialPlace {
  readonly step: string;
  readonly header: string;
  /** The origin of the step's URL. */
  readonly origin: string;
}
export interface Credential extends CredentialPlace {
  /** May contain parameters. */
  readonly value: string;
}
/** A credential as it was given. Null: the stored one is kept. */
export interface GivenCredential extends CredentialPlace {
  readonly value: string | null;
}

/** Stores the credentials in headers of runbooks. They are never shown again. */
@Injectable()
export class RunbookCredentials {
  constructor(private readonly secrets: TenantSecrets) {}

  /** Throws `secret_unreadable`. */
  async of(scope: TenantScope, runbookId: string): Promise<readonly Credential[]> {
    const row = await scope.findOne(SealedCredentials, { runbookId });
    if (!row) return [];
    const text = await this.secrets.open(scope, placeOf(runbookId), row.sealed);
    return JSON.parse(text.reveal()) as Credential[];
  }

  /**
   * Stores the credentials of a runbook's new version, and returns whether they have changed. Throws
   * `credential_missing` if one should be kept that is not stored.
   */
  async store(scope: TenantScope, runbookId: string, given: readonly GivenCredential[]): Promise<boolean> {
    const stored = await this.storedFor(scope, runbookId, given);
    const credentials = given.map((one) => completed(one, stored));
    if (isDeepStrictEqual(credentials, stored)) return false;
    if (credentials.length === 0) await this.forget(scope, runbookId);
    else {
      const text = JSON.stringify(credentials);
      const sealed = await this.secrets.seal(scope, placeOf(runbookId), text);
      await scope.put(SealedCredentials, [{ runbookId, sealed }]);
    }
    return true;
  }

  async forget(scope: TenantScope, runbookId: string): Promise<void> {
    await scope.delete(SealedCredentials, { runbookId });
  }

  /** Credentials that cannot be decrypted can be replaced, but not kept. */
  private async storedFor(
    scope: TenantScope,
    runbookId: string,
    given: readonly GivenCredential[],
  ): Promise<readonly Credential[] | null> {
    try {
      return await this.of(scope, runbookId);
    } catch (error) {
      if (given.some(({ value }) => value === null)) throw error;
      return null;
    }
  }
}

export function isSamePlace(one: CredentialPlace, other: CredentialPlace): boolean {
  return one.step === other.step && one.header === other.header && one.origin === other.origin;
}

function completed(given: GivenCredential, stored: readonly Credential[] | null): Credential {
  const { step, header, origin } = given;
  const value = given.value ?? stored?.find((one) => isSamePlace(one, given))?.value;
  if (value === undefined) throw credentialMissing(given);
  return { step, header, origin, value };
}

function placeOf(runbookId: string): SecretPlace {
  return { table: 'runbook_credentials', column: 'sealed', rowId: runbookId };
}

function credentialMissing({ step, header, origin }: CredentialPlace): DomainError {
  const detail =
    `Step "${step}" has no value for the header ${header}, and none is stored for ${origin}. Enter the ` +
    'value. A stored value is kept only while the name of the step and the server of its URL stay the same.';
  return new DomainError('credential_missing', 'unprocessable', detail);
}
