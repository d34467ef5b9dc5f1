import { Database, SecretBox, insertIfAbsent } from '@atlas/persistence';
import {
  LEASE_KEY_PURPOSE,
  SIGNUP_KEY_PURPOSE,
  SIGNUP_TOKEN_ALGORITHM,
  type PublishedKey,
} from '@atlas/plane-contract';
import { Clock } from '@atlas/platform';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import {
  type CryptoKey,
  type JWK,
  type JWTPayload,
  SignJWT,
  exportJWK,
  generateKeyPair,
  importJWK,
} from 'jose';
import { SEALED, placeIn } from '../sealing/sealed-columns';
import { SigningKey } from './signing-key.entity';

/** The purpose of the key that signs deletion certificates. */
export const DELETION_KEY_PURPOSE = 'deletion';

/**
 * One key per purpose. Its id is the purpose and a number,
 * so that processes that start together agree on one key.
 */
const FIRST_KEYS = [SIGNUP_KEY_PURPOSE, LEASE_KEY_PURPOSE, DELETION_KEY_PURPOSE].map((purpose) => ({
  kid: `${purpose}-1`,
  purpose,
}));

/**
 * The Control Plane's key pairs. Public keys go to tenant planes;
 * private keys never leave the Control Plane and are sealed at rest.
 */
@Injectable()
export class SigningKeys implements OnModuleInit {
  private published: readonly PublishedKey[] = [];
  private readonly signers = new Map<string, { kid: string; key: CryptoKey }>();

  constructor(
    private readonly database: Database,
    private readonly box: SecretBox,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    for (const { kid, purpose } of FIRST_KEYS) await this.ensure(kid, purpose);
    const keys = await this.database.read((manager) =>
      manager.find(SigningKey, { order: { createdAt: 'ASC' } }),
    );
    this.published = keys.map((key) => key.publicJwk);
    for (const key of keys) this.signers.set(key.purpose, { kid: key.kid, key: await this.open(key) });
  }

  /** The public keys that tenant planes verify with. */
  ofPlanes(): readonly PublishedKey[] {
    return this.published.filter(({ purpose }) => purpose !== DELETION_KEY_PURPOSE);
  }

  withId(kid: string | undefined): PublishedKey | undefined {
    return this.published.find((key) => key.kid === kid);
  }

  /** Signs a JWS of type `typ` with the key for `purpose`. */
  sign(
    purpose: string,
    typ: string,
    build: (jwt: SignJWT) => SignJWT,
    claims: JWTPayload = {},
  ): Promise<string> {
    const signer = this.signers.get(purpose);
    if (!signer) throw new Error(`There is no signing key for ${purpose}.`);
    const header = { alg: SIGNUP_TOKEN_ALGORITHM, typ, kid: signer.kid };
    return build(new SignJWT(claims).setProtectedHeader(header)).sign(signer.key);
  }

  private async ensure(kid: string, purpose: string): Promise<void> {
    const isThere = await this.database.read((manager) => manager.existsBy(SigningKey, { kid }));
    if (isThere) return;
    const pair = await generateKeyPair(SIGNUP_TOKEN_ALGORITHM, { extractable: true });
    const publicJwk = {
      ...(await exportJWK(pair.publicKey)),
      kid,
      purpose,
      alg: SIGNUP_TOKEN_ALGORITHM,
    } as PublishedKey;
    const privateSealed = this.box.seal(
      JSON.stringify(await exportJWK(pair.privateKey)),
      placeIn(SEALED.signingKey, kid),
    );
    const row = { kid, purpose, publicJwk, privateSealed, createdAt: this.clock.now() };
    await this.database.write((manager) => insertIfAbsent(manager, SigningKey, row));
  }

  private async open(key: SigningKey): Promise<CryptoKey> {
    const jwk = JSON.parse(
      this.box.open(key.privateSealed, placeIn(SEALED.signingKey, key.kid)).reveal(),
    ) as JWK;
    return (await importJWK(jwk, SIGNUP_TOKEN_ALGORITHM)) as CryptoKey;
  }
}
