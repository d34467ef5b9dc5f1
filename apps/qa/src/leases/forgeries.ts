import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { type LeaseClaims, type PublishedKey } from '@atlas/plane-contract';
import { type SeededRandom } from '../seeded-random';

/** Genuine texts that forgeries are made from. */
export interface Genuine {
  /** The newest lease, which the plane has not loaded yet. */
  readonly newest: string;
  /** A lease that was issued before the one that the plane has. */
  readonly older: string;
  /** A lease for another tenant on another plane. */
  readonly swapped: string;
  /** A token of another type that the same Control Plane has signed. */
  readonly otherType: string;
  /** The public key of the leases. */
  readonly key: PublishedKey;
}

export interface Forgery {
  readonly how: string;
  readonly make: (genuine: Genuine, random: SeededRandom) => string;
}

const OWN_KEY = generateKeyPairSync('ed25519').privateKey;
const YEAR_SECONDS = 365 * 24 * 3600;

/** Claims that someone would like to have. */
const WISHES: readonly ((claims: LeaseClaims) => Partial<LeaseClaims>)[] = [
  ({ plan }) => ({ plan: plan === 'enterprise' ? 'operations' : 'enterprise' }),
  ({ exp }) => ({ exp: exp + YEAR_SECONDS }),
  ({ serial }) => ({ serial: serial + 1 }),
  ({ limits }) => ({ limits: { ...limits, agents: 1_000_000 } }),
  ({ late_at }) => ({ read_only_at: late_at + YEAR_SECONDS }),
];

export const FORGERIES: readonly Forgery[] = [
  { how: 'a changed character', make: ({ newest }, random) => random.changed(newest) },
  {
    how: 'changed claims with the old signature',
    make: ({ newest }, random) => joined({ ...partsOf(newest), claims: wished(newest, random) }),
  },
  {
    how: 'another key under the same id',
    make: ({ newest }, random) => {
      const unsigned = { ...partsOf(newest), claims: wished(newest, random) };
      const signature = sign(null, Buffer.from(signed(unsigned)), OWN_KEY).toString('base64url');
      return joined({ ...unsigned, signature });
    },
  },
  {
    how: 'no algorithm',
    make: ({ newest }, random) => {
      const header = encoded({ ...decoded<object>(partsOf(newest).header), alg: 'none' });
      return joined({ header, claims: wished(newest, random), signature: '' });
    },
  },
  {
    how: 'the public key as a shared secret',
    make: ({ newest, key }, random) => {
      const header = encoded({ ...decoded<object>(partsOf(newest).header), alg: 'HS256' });
      const unsigned = { header, claims: wished(newest, random) };
      const secret = Buffer.from(key.x ?? '', 'base64url');
      const signature = createHmac('sha256', secret).update(signed(unsigned)).digest('base64url');
      return joined({ ...unsigned, signature });
    },
  },
  { how: 'a lease of another tenant and plane', make: ({ swapped }) => swapped },
  { how: 'an older lease', make: ({ older }) => older },
  { how: 'a token of another type', make: ({ otherType }) => otherType },
  { how: 'a cut lease', make: ({ newest }, random) => newest.slice(0, 1 + random.below(newest.length - 1)) },
  { how: 'a longer lease', make: ({ newest }, random) => newest + 'A'.repeat(1 + random.below(8)) },
];

interface Parts {
  readonly header: string;
  readonly claims: string;
  readonly signature: string;
}

function partsOf(lease: string): Parts {
  const [header = '', claims = '', signature = ''] = lease.split('.');
  return { header, claims, signature };
}

function signed({ header, claims }: Pick<Parts, 'header' | 'claims'>): string {
  return `${header}.${claims}`;
}

function joined(parts: Parts): string {
  return `${signed(parts)}.${parts.signature}`;
}

function wished(lease: string, random: SeededRandom): string {
  const claims = decoded<LeaseClaims>(partsOf(lease).claims);
  return encoded({ ...claims, ...WISHES[random.below(WISHES.length)]?.(claims) });
}

function decoded<T>(part: string): T {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as T;
}

function encoded(content: object): string {
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}
