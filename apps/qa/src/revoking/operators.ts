import { hashPassword } from '@atlas/platform';
import { hashCredential, mintCredential } from '@atlas/service-auth';
import { uuidv7 } from '@atlas/tenancy';
import { type TenantRows } from '../tenant-rows';
import { daysFromNow, insertRows } from './bulk-rows';
import { OLD } from './passwords';

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
  const operators: RacedOperator[] = [];
  for (let n = 0; n < count; n += 1) {
    const id = uuidv7();
    const email = `${id}@example.com`;
    const of = { operator_id: id, ...made, expires_at: daysFromNow(3) };
    const [current, other] = [mintCredential('aos'), mintCredential('aos')];
    const [key, link] = [mintCredential('aok'), mintCredential('aor')];
    await insertRows(rows, 'operators', [{ id, email, name: email, role: 'admin', password_hash, ...made }]);
    await insertRows(
      rows,
      'operator_sessions',
      [current, other].map(({ id: session, value }) => ({
        ...{ id: session, secret_hash: hashCredential(value), method: 'password', ...of },
      })),
    );
    const described = { name: 'raced', scopes: JSON.stringify(KEY_SCOPES) };
    const secret_hash = hashCredential(key.value);
    await insertRows(rows, 'api_keys', [{ id: key.id, ...described, secret_hash, ...of }]);
    await insertRows(rows, 'operator_reset_links', [
      { id: link.id, secret_hash: hashCredential(link.value), ...of },
    ]);
    operators.push({
      ...{ id, email, current: current.value.reveal(), other: other.value.reveal() },
      ...{ key: { id: key.id, value: key.value.reveal() }, resetToken: link.value.reveal() },
    });
  }
  return operators;
}
