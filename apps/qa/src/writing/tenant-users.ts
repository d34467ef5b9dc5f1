import { createHash, randomBytes } from 'node:crypto';
import { hashPassword } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { type TenantRows } from '../tenant-rows';
import { daysFromNow, insertRows } from './bulk-rows';
import { OLD } from './passwords';

interface Pass {
  readonly token: string;
  readonly refresh: string;
}

/** A user with two sign-ins, one of them refreshed, and a password reset link. */
export interface TenantUser {
  readonly tenantId: string;
  readonly id: string;
  readonly email: string;
  /**
   * The first sign-in. `used` contains its original credentials; `current` contains those from the refresh.
   */
  readonly used: Pass;
  readonly current: Pass;
  /** The second sign-in. */
  readonly other: Pass;
  readonly resetToken: string;
}

type Role = 'admin' | 'operator' | 'requester';

/** Inserts users as if they had been invited and had signed in. */
export async function tenantUsers(
  rows: TenantRows,
  tenantId: string,
  count: number,
  role: Role = 'operator',
): Promise<TenantUser[]> {
  const users = Array.from({ length: count }, () => userOf(tenantId));
  const password_hash = await hashPassword(OLD);
  const tenant = { tenant_id: tenantId };
  const made = { created_at: daysFromNow(-2) };
  await insertRows(
    rows,
    'users',
    users.map(({ id, email }) => ({
      ...tenant,
      id,
      email,
      name: email,
      role,
      password_hash,
      is_first: false,
      ...made,
    })),
  );
  const sessions = users.flatMap((user) => {
    const [first, second] = [uuidv7(), uuidv7()];
    const ended = daysFromNow(-1);
    return [
      { id: first, family_id: first, pass: user.used, revoked_at: ended },
      { id: uuidv7(), family_id: first, pass: user.current, revoked_at: null },
      { id: second, family_id: second, pass: user.other, revoked_at: null },
    ].map(({ pass, ...session }) => ({
      ...tenant,
      ...session,
      user_id: user.id,
      ...made,
      token_hash: hashOf(pass.token),
      refresh_hash: hashOf(pass.refresh),
      expires_at: daysFromNow(3),
      refresh_expires_at: daysFromNow(3),
    }));
  });
  await insertRows(rows, 'sessions', sessions);
  await insertRows(
    rows,
    'user_tokens',
    users.map(({ id, resetToken }) => ({
      ...tenant,
      token_hash: hashOf(resetToken),
      user_id: id,
      purpose: 'reset',
      expires_at: daysFromNow(3),
    })),
  );
  return users;
}

function userOf(tenantId: string): TenantUser {
  const token = (prefix: string): string => `${prefix}_${tenantId}_${randomBytes(32).toString('base64url')}`;
  const pass = (): Pass => ({ token: token('atu'), refresh: token('atr') });
  const id = uuidv7();
  const passes = { used: pass(), current: pass(), other: pass() };
  return { tenantId, id, email: `${id}@example.com`, ...passes, resetToken: token('atn') };
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
