import { type Secret, type SecretText, revealed } from '@atlas/platform/secret';
import { parseCredential } from './credential';

/**
 * The key id of the Control Plane's own `INTERNAL_SERVICE_SECRET`, shared by the cells that are registered to
 * use it.
 */
export const PLATFORM_KEY_ID = 'platform';

/** What a key id stands for. `TCaller` is what the verifying plane knows about the key's holder. */
export interface ServiceKey<TCaller = unknown> {
  readonly keyId: string;
  /** One secret, or two during a rotation, in the order to try them. */
  readonly secrets: readonly Secret[];
  readonly caller: TCaller;
}

export abstract class ServiceKeyResolver<TCaller = unknown> {
  /**
   * Returns null for a key id that is unknown or revoked. Called before the signature is checked, so it must
   * not change anything.
   */
  abstract secretsFor(keyId: string): ServiceKey<TCaller> | null | Promise<ServiceKey<TCaller> | null>;
}

/** The `keyid` for a value of `INTERNAL_SERVICE_SECRET`. */
export function keyIdOf(secret: SecretText): string {
  return parseCredential('ats', revealed(secret))?.id ?? PLATFORM_KEY_ID;
}
