import { SecretBox, deriveKey } from '@atlas/persistence';
import { openNextSecret } from '@atlas/service-auth';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { TenantPlaneConfig } from '../tenant-plane.config';
import { ControlPlaneRefused } from './control-plane.errors';
import { PlaneIdentities } from './plane-identities';
import { type PlaneIdentity } from './plane-identity.entity';

/** The newest, and the one before: a rotation that is taken back leaves the plane with that. */
const KEPT = 2;

/** The row that keeps them; null where there is none yet. */
export interface SecretStore {
  readonly current: Pick<PlaneIdentity, 'instanceId' | 'serviceSecretsSealed'> | null;
  update(changes: Pick<PlaneIdentity, 'serviceSecretsSealed'>): Promise<void>;
}

/**
 * What this plane signs with: the secret of its environment, or one that followed it by rotation. Those are kept sealed
 * with the environment's: when that is changed they do not open, and the new one alone counts.
 */
@Injectable()
export class ServiceSecrets {
  private readonly logger = new Logger(ServiceSecrets.name);
  /** While another one was accepted. */
  private refused: readonly string[] = [];

  constructor(
    private readonly config: TenantPlaneConfig,
    @Inject(PlaneIdentities) private readonly store: SecretStore,
  ) {}

  /** The newest first; none without a secret in the environment. */
  get all(): readonly string[] {
    const { INTERNAL_SERVICE_SECRET: given, INTERNAL_SERVICE_SECRET_PREVIOUS: previous } = this.config;
    if (given === undefined) return [];
    return [...this.kept(given), given, ...(previous === undefined ? [] : [previous])];
  }

  /** Where the Control Plane refuses one, the others are tried: its rotation may have been taken back. */
  async signWith<T>(attempt: (secret: string) => Promise<T>): Promise<T> {
    const tried: string[] = [];
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

  /** Stores the secret that follows; it is signed with from then on. */
  async keepNext(sealed: string): Promise<void> {
    const next = await openNextSecret(sealed, this.all).catch((error: unknown) => {
      this.logger.error(`The next service secret can't be taken: ${(error as Error).message}`);
      return null;
    });
    const { INTERNAL_SERVICE_SECRET: given } = this.config;
    if (next === null || given === undefined || this.all.includes(next)) return;
    const kept = [next, ...this.kept(given)].slice(0, KEPT);
    await this.store.update({ serviceSecretsSealed: boxOf(given).seal(JSON.stringify(kept), this.place) });
    this.logger.log('The next service secret is stored, and signed with from now on.');
  }

  private bestBut(tried: readonly string[]): string {
    const left = this.all.filter((secret) => !tried.includes(secret));
    const best = left.find((secret) => !this.refused.includes(secret)) ?? left[0];
    if (best === undefined) throw new Error('There is no service secret to sign with.');
    return best;
  }

  private kept(given: string): readonly string[] {
    const sealed = this.store.current?.serviceSecretsSealed;
    if (!sealed) return [];
    try {
      return JSON.parse(boxOf(given).open(sealed, this.place)) as string[];
    } catch {
      return [];
    }
  }

  private get place() {
    const ownerId = this.store.current?.instanceId ?? '';
    return { table: 'plane_identity', column: 'service_secrets_sealed', rowId: '1', ownerId };
  }
}

function boxOf(given: string): SecretBox {
  return new SecretBox([{ id: 'env', key: deriveKey(given, 'atlas-service-secrets') }]);
}

function isRefusedSignature(error: unknown): boolean {
  return error instanceof ControlPlaneRefused && error.code === 'bad_signature';
}
