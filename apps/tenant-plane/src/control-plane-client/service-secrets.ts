import { type Secret } from '@atlas/platform';
import { isSealedUnder, openNextSecret } from '@atlas/service-auth';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { type Fence } from '../plane-identity/fence';
import { keptSecrets, knownSecrets, sealKept } from '../plane-identity/known-secrets';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { type PlaneIdentity } from '../plane-identity/plane-identity.entity';
import { ControlPlaneRefused } from './control-plane.errors';

/** Stores the secrets in the plane's identity row. `current` is null if there is no row yet. */
export interface SecretStore {
  readonly current: Pick<PlaneIdentity, 'instanceId' | 'serviceSecretsSealed'> | null;
  keepSecrets(sealed: string, known: readonly Secret[], fence: Fence): Promise<void>;
}

/**
 * The secrets that this plane signs with: the secret in its environment, and those that have replaced it
 * through rotation. The latter are stored, sealed with the environment's secret. Once the environment's
 * secret is changed, they can no longer be decrypted, and only the new secret is used.
 */
@Injectable()
export class ServiceSecrets {
  private readonly logger = new Logger(ServiceSecrets.name);
  /** Secrets that were refused when another secret was accepted. */
  private refused: readonly Secret[] = [];

  constructor(
    private readonly config: TenantPlaneConfig,
    @Inject(PlaneIdentities) private readonly store: SecretStore,
  ) {}

  /** Newest first. Empty if there is no secret in the environment. */
  get all(): readonly Secret[] {
    return knownSecrets(this.config, this.store.current);
  }

  /**
   * If the Control Plane refuses a secret, tries the others, because a rotation may have been rolled back.
   */
  async signWith<T>(attempt: (secret: Secret) => Promise<T>): Promise<T> {
    const tried: Secret[] = [];
    for (;;) {
      const secret = this.bestBut(tried);
      try {
        const result = await attempt(secret);
        if (tried.length > 0) this.refused = tried;
        return result;
      } catch (error) {
        tried.push(secret);
        if (!isRefusedSignature(error) || tried.length >= this.all.length) throw error;
      }
    }
  }

  /** Stores the next secret. Calls are signed with it from then on. */
  async keepNext(sealed: string, fence: Fence): Promise<void> {
    const next = await openNextSecret(sealed, this.all).catch((error: unknown) => {
      this.logger.error(`Could not decrypt the next service secret: ${(error as Error).message}`);
      return null;
    });
    const { INTERNAL_SERVICE_SECRET: given } = this.config;
    const { current } = this.store;
    if (next === null || given === undefined || current === null || isAmong(next, this.all)) return;
    const before = keptSecrets(given, current);
    // The secret that was just accepted, which the plane needs if the rotation is rolled back.
    const last = before.find((secret) => isSealedUnder(sealed, secret)) ?? before[0];
    const kept = last === undefined ? [next] : [next, last];
    await this.store.keepSecrets(sealKept(kept, given, current), [next, ...this.all], fence);
    this.logger.log('The next service secret is stored. Calls are signed with it from now on.');
  }

  private bestBut(tried: readonly Secret[]): Secret {
    const left = this.all.filter((secret) => !isAmong(secret, tried));
    const best = left.find((secret) => !isAmong(secret, this.refused)) ?? left[0];
    if (best === undefined) throw new Error('There is no service secret to sign with.');
    return best;
  }
}

function isAmong(secret: Secret, others: readonly Secret[]): boolean {
  return others.some((other) => other.equals(secret));
}

function isRefusedSignature(error: unknown): boolean {
  return error instanceof ControlPlaneRefused && error.code === 'bad_signature';
}
