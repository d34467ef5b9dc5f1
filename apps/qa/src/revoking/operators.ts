import { hashPassword } from '@atlas/platform';
import { type Credential, hashCredential, mintCredential } from '@atlas/service-auth';
import { uuidv7 } from '@atlas/tenancy';
import { type TenantRows } from '../tenant-rows';
import { daysFromNow, insertRows } from '../writing/bulk-rows';
import { OLD } from '../writing/passwords';

/** An operator with two sessions, an API key and a reset link. */
export interface RacedOperator {
  readonly id: string;
  readonly email: string;
  readonly current: string;
  readonly other: string;
  readonly key: { readonly id: string; readonly value: string };
  readonly resetToken: string;
}

export const KEY_SCOPES = ['tenants:read', 'api_keys:write'];

export async function racedOperators(rows: TenantRows, count: number): Promise<RacedOperator[]> {
  const password_hash = await hashPassword(OLD);
  const made = { created_at: daysFromNow(0) };
  const described = { name: 'raced', scopes: JSON.stringify(KEY_SCOPES) };
  const all = Array.from({ length: count }, () => {
    const id = uuidv7();
    const [current, other] = [mintCredential('aos'), mintCredential('aos')];
    const [key, link] = [mintCredential('aok'), mintCredential('aor')];
    return { id, email: `${id}@example.com`, current, other, key, link };
  });
  const rowOf = (operator_id: string, { id, value }: Credential) => ({
    id,
    operator_id,
    secret_hash: hashCredential(value),
    ...made,
    expires_at: daysFromNow(3),
  });
  await insertRows(
    rows,
    'operators',
    all.map(({ id, email }) => ({ id, email, name: email, role: 'admin', password_hash, ...made })),
  );
  await insertRows(
    rows,
    'operator_sessions',
    all.flatMap(({ id, current, other }) =>
      [current, other].map((session) => ({ ...rowOf(id, session), method: 'password' })),
    ),
  );
  await insertRows(
    rows,
    'api_keys',
    all.map(({ id, key }) => ({ ...rowOf(id, key), ...described })),
  );
  await insertRows(
    rows,
    'operator_reset_links',
    all.map(({ id, link }) => rowOf(id, link)),
  );
  return all.map(({ id, email, current, other, key, link }) => ({
    id,
    email,
    current: current.value.reveal(),
    other: other.value.reveal(),
    key: { id: key.id, value: key.value.reveal() },
    resetToken: link.value.reveal(),
  }));
}
