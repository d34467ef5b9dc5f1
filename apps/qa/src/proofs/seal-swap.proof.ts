import { type TestStack } from '@atlas/testing';
import { type Figure, all, measured, none } from '../figures';
import { inBatches } from '../in-batches';
import { type Proof, type ProofContext } from '../proof';
import { FEW, type TenantWithSecret, dbUrlOf, tenantsWithSecrets } from '../sealing/tenants-with-secrets';
import { TenantRows } from '../tenant-rows';

const TENANTS = { small: 4, full: 200 } as const;

interface Scene {
  readonly stack: TestStack;
  readonly rows: TenantRows;
  readonly tenants: readonly TenantWithSecret[];
  /** The sealed database URL of each tenant. */
  readonly sealed: readonly string[];
}

/**
 * A sealed value can be decrypted only in the place for which it was sealed, and only unmodified.
 *
 * To see it fail: in `SecretBox`, leave out both `setAAD` calls; or leave out `tagBytes.length` and both
 * `authTagLength` options.
 */
export const proof: Proof = {
  goal:
    "the sealed values of 200 tenants, put into every other tenant's row or another column, or with " +
    'truncated tags: 0 can be decrypted',
  databases: ['sqlite', 'postgres'],
  async run(context) {
    const stack = await context.stack({ INFRASTRUCTURE_DRIVER: 'manual' });
    const rows = await TenantRows.open(stack.controlPlaneDatabase);
    try {
      const tenants = await tenantsWithSecrets(stack, TENANTS[context.size]);
      const sealed = await inBatches(tenants, FEW, async ({ id }) => {
        const [row] = await rows.query<{ value: string }>(
          'select db_url_sealed as value from tenants where id = $1',
          [id],
        );
        return row?.value ?? '';
      });
      return await judged({ stack, rows, tenants, sealed }, context);
    } finally {
      await rows.close();
    }
  },
};

async function judged(scene: Scene, { progress }: ProofContext): Promise<Figure[]> {
  const { tenants, sealed } = scene;
  const before = await opened(scene, sealed);
  let [swaps, swapped] = [0, 0];
  for (let by = 1; by < tenants.length; by += 1) {
    swapped += await opened(scene, rotated(sealed, by));
    swaps += tenants.length;
    if (by % 20 === 0) progress(`${swaps} swapped, ${swapped} decrypted`);
  }
  let elsewhere = 0;
  for (const from of ELSEWHERE) elsewhere += await opened(scene, await valuesFrom(scene, from));
  let changed = 0;
  for (const change of Object.values(CHANGES)) changed += await opened(scene, sealed.map(change));
  const after = await opened(scene, sealed);
  const count = tenants.length;
  return [
    measured('values', count),
    none("decrypted in another tenant's row", swapped),
    none('decrypted from another column', elsewhere),
    none('decrypted although truncated or changed', changed),
    all('decrypted in their own rows before', before, count),
    all('decrypted in their own rows after', after, count),
    measured("tried in another tenant's row", swaps),
    measured('tried from another column', ELSEWHERE.length * count),
    measured('tried truncated or changed', Object.keys(CHANGES).length * count),
  ];
}

/**
 * Writes these values to the tenants' rows, and returns how many database URLs the Control Plane still
 * returns.
 */
async function opened({ stack, rows, tenants }: Scene, values: readonly string[]): Promise<number> {
  for (const [index, { id }] of tenants.entries())
    await rows.query('update tenants set db_url_sealed = $1 where id = $2', [values[index], id]);
  const answers = await inBatches(tenants, FEW, ({ id }) => dbUrlOf(stack, id));
  return answers.filter((answer) => answer !== undefined).length;
}

function rotated(values: readonly string[], by: number): string[] {
  return values.map((_, index) => values[(index + by) % values.length] ?? '');
}

/**
 * Queries for other sealed values of the same tenant: the database URL in its plane's row, and its plane's
 * service secret.
 */
const ELSEWHERE = [
  'select db_url_sealed as value from tenant_planes where id = (select tenant_plane_id from ' +
    'placements where tenant_id = $1)',
  `select secret_sealed as value from service_keys
    where tenant_plane_id = (select tenant_plane_id from placements where tenant_id = $1) limit 1`,
];

async function valuesFrom({ rows, tenants }: Scene, query: string): Promise<string[]> {
  const found = await inBatches(
    tenants,
    FEW,
    async ({ id }) => (await rows.query<{ value: string }>(query, [id]))[0],
  );
  return found.map((row) => {
    if (!row?.value) throw new Error(`No sealed value found: ${query}`);
    return row.value;
  });
}

type Change = (envelope: string) => string;

const inPart =
  (index: number, change: (bytes: Buffer) => Buffer): Change =>
  (envelope) => {
    const parts = envelope.split('.');
    parts[index] = change(Buffer.from(parts[index] ?? '', 'base64url')).toString('base64url');
    return parts.join('.');
  };
const flip = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte)));
const [IV, CIPHERTEXT, TAG] = [2, 3, 4];

const CHANGES: Readonly<Record<string, Change>> = {
  ...Object.fromEntries(
    [0, 1, 4, 8, 12, 13, 14, 15].map((length) => [
      `tag of ${length} bytes`,
      inPart(TAG, (tag) => tag.subarray(0, length)),
    ]),
  ),
  'a longer tag': inPart(TAG, (tag) => Buffer.concat([tag, tag])),
  'no tag': (envelope) => envelope.split('.').slice(0, TAG).join('.'),
  'another tag': inPart(TAG, flip),
  'another text': inPart(CIPHERTEXT, flip),
  'a shorter text': inPart(CIPHERTEXT, (text) => text.subarray(1)),
  'another nonce': inPart(IV, flip),
  'another version': (envelope) => envelope.replace('s1.', 's0.'),
  'another key': (envelope) => envelope.replace('.k1.', '.k2.'),
  'an extra part': (envelope) => `${envelope}.${envelope.split('.')[TAG]}`,
};
