import { randomUUID } from 'node:crypto';
import { type Answer, type TestStack } from '@atlas/testing';
import { addressOf } from '../signing-in/login-scene';
import { turns } from '../in-batches';
import { type TenantRows } from '../tenant-rows';
import { OF_ACTOR, OF_REVOKER, OLD } from '../writing/passwords';
import { type Pair, type Race, type Reply, alive } from './race';
import { type TenantUser, tenantUsers } from '../writing/tenant-users';

/** Enough writes that some are still waiting for the database when the revocation is acknowledged. */
const WRITES_AT_ONCE = 16;
/** About as long as these writes take. */
const WINDOW_OF_WRITES_MS = 40;
/** How many invitations one admin sends. The number of invitations per admin is limited. */
const INVITATIONS_OF_ONE = 7;

type Body = Reply['body'];
interface Call {
  readonly body?: object;
  readonly session?: string;
  readonly method?: string;
}
type ToUser = (plane: RacedTenants, user: TenantUser) => Promise<Reply>;

/** Calls by a user, or by someone who has their password, reset link or refresh token. */
const ACTIONS: Readonly<Record<string, ToUser>> = {
  change: (plane, user) => plane.change(user, user.current.token, OF_ACTOR),
  reset: (plane, user) => plane.reset(user, OF_ACTOR),
  refresh: (plane, user) => plane.refresh(user, user.current.refresh),
  'sign-in': (plane, user) => plane.signIn(user, OLD),
};
/** Actions that set a password. If two of them use the same password or link, the second must fail. */
const SETS_A_PASSWORD = ['change', 'reset'];

interface Revocation {
  readonly acknowledged: number;
  readonly send: ToUser;
  /** Whether the call also revokes the user's other session and everything obtained with the password. */
  readonly endsAll: boolean;
}

const REVOCATIONS = {
  change: {
    acknowledged: 204,
    endsAll: true,
    send: (plane, user) => plane.change(user, user.other.token, OF_REVOKER),
  },
  reset: { acknowledged: 200, endsAll: true, send: (plane, user) => plane.reset(user, OF_REVOKER) },
  deactivate: { acknowledged: 200, endsAll: true, send: (plane, user) => plane.deactivate(user, true) },
  'reuse detection': {
    acknowledged: 401,
    endsAll: false,
    send: (plane, user) => plane.refresh(user, user.used.refresh),
  },
  logout: { acknowledged: 204, endsAll: false, send: (plane, user) => plane.logout(user) },
} satisfies Readonly<Record<string, Revocation>>;

/** Revocations after which the user may no longer write to the CMDB. */
const ENDS_WRITES = {
  demote: { acknowledged: 200, send: (plane, user) => plane.demote(user) },
  deactivate: REVOCATIONS.deactivate,
  logout: REVOCATIONS.logout,
} satisfies Readonly<Record<string, Pick<Revocation, 'acknowledged' | 'send'>>>;

/** Tenants and users of one tenant plane. Each race gets a new user. */
export class RacedTenants {
  private calls = 0;
  private users: TenantUser[] = [];
  private admins: TenantUser[] = [];

  constructor(
    private readonly stack: TestStack,
    private readonly rows: TenantRows,
    private readonly tenantIds: readonly string[],
  ) {}

  /** Creates enough users for `count` races of each pair. */
  async fill(pairs: number, count: number): Promise<void> {
    const each = Math.ceil((count * pairs) / this.tenantIds.length);
    const inviters = Math.ceil((count * 3) / this.tenantIds.length / INVITATIONS_OF_ONE) + 1;
    for (const id of this.tenantIds) {
      this.users.push(...(await tenantUsers(this.rows, id, each)));
      this.admins.push(...(await tenantUsers(this.rows, id, inviters, 'admin')));
    }
  }

  pairs(): Pair[] {
    const ofUsers = Object.entries(ACTIONS).flatMap(([action, act]) =>
      Object.entries(REVOCATIONS).map(([name, revocation]) => ({
        name: `TP ${action} / ${name}`,
        acknowledged: revocation.acknowledged,
        race: async () => this.raceOf(action, act, name, revocation),
      })),
    );
    const ofInvitations = [
      { name: 'TP mint / deactivate', acknowledged: 200, race: () => this.invitation('mint') },
      { name: 'TP link / deactivate', acknowledged: 200, race: () => this.invitation('link') },
    ];
    const ofWrites = Object.entries(ENDS_WRITES).map(([name, { acknowledged, send }]) => ({
      name: `TP writes / ${name}`,
      acknowledged,
      windowMs: WINDOW_OF_WRITES_MS,
      race: async () => this.writes(send),
    }));
    return [...ofUsers, ...ofInvitations, ...ofWrites];
  }

  /** How long a sign-in takes, in milliseconds. */
  async timeOfSignIn(): Promise<number> {
    const [user] = await tenantUsers(this.rows, this.tenantIds[0] ?? '', 1);
    const start = performance.now();
    if (user) await this.signIn(user, OLD);
    return performance.now() - start;
  }

  change(user: TenantUser, session: string, wanted: string): Promise<Reply> {
    return this.call(user, '/auth/password', {
      body: { current_password: OLD, new_password: wanted },
      session,
    });
  }
  reset(user: TenantUser, password: string): Promise<Reply> {
    return this.call(user, '/auth/reset-password', { body: { token: user.resetToken, password } });
  }
  refresh(user: Pick<TenantUser, 'tenantId'>, refresh_token: string): Promise<Reply> {
    return this.call(user, '/auth/refresh', { body: { refresh_token } });
  }
  signIn(user: TenantUser, password: string): Promise<Reply> {
    return this.call(user, '/auth/token', { body: { email: user.email, password } });
  }
  logout(user: TenantUser): Promise<Reply> {
    return this.call(user, '/auth/logout', { session: user.current.token, method: 'POST' });
  }
  deactivate({ tenantId, id }: Pick<TenantUser, 'tenantId' | 'id'>, deactivated: boolean): Promise<Reply> {
    const admin = this.admins.find((one) => one.tenantId === tenantId);
    const session = admin?.current.token;
    return this.call({ tenantId }, `/users/${id}`, { body: { deactivated }, session, method: 'PATCH' });
  }

  demote(user: TenantUser): Promise<Reply> {
    const admin = this.admins.find((one) => one.tenantId === user.tenantId);
    const session = admin?.current.token;
    return this.call(user, `/users/${user.id}`, { body: { role: 'requester' }, session, method: 'PATCH' });
  }

  private raceOf(action: string, act: ToUser, name: string, { send, endsAll }: Revocation): Race {
    const user = this.nextUser();
    return {
      act: () => act(this, user),
      revoke: () => send(this, user),
      survivors: async ({ body, status }) => {
        const isOfFamily = action === 'refresh';
        const came = status < 300 && (endsAll || isOfFamily) ? [passIn(body)] : [];
        const passes = [user.current, ...came, ...(endsAll && name !== 'change' ? [user.other] : [])];
        const isTwice = SETS_A_PASSWORD.includes(action) && SETS_A_PASSWORD.includes(name) && status < 300;
        const alike = isTwice ? ['one password or link set two new passwords'] : [];
        // A user who changes the password stays signed in. A deactivated user does not, even after being
        // reactivated.
        const found = await this.afterlife(user, passes, name === 'deactivate');
        return [...alike, ...found];
      },
    };
  }

  /**
   * A write by a user who loses access is either stored before the revocation is acknowledged, or refused.
   */
  private writes(revoke: ToUser): Race {
    const user = this.nextUser();
    const type = `of ${user.id}`;
    const stored = async (): Promise<number> => {
      const sql = 'select 1 from configuration_items where tenant_id = $1 and type = $2';
      return (await this.rows.query(sql, [user.tenantId, type])).length;
    };
    const write = (n: number): Promise<Reply> =>
      this.call(user, '/cmdb/items', { body: { name: `${n}`, type }, session: user.current.token });
    let atRevocation = 0;
    return {
      act: async () => {
        const [first] = await Promise.all([write(0), ...turns(WRITES_AT_ONCE - 1).map((n) => write(n + 1))]);
        return first;
      },
      revoke: async () => {
        const reply = await revoke(this, user);
        atRevocation = await stored();
        return reply;
      },
      survivors: async () => turns((await stored()) - atRevocation).map(() => 'late write'),
    };
  }

  private nextUser(): TenantUser {
    const user = this.users.pop();
    if (!user) throw new Error('No user is left for a race.');
    return user;
  }

  /** Sessions and refresh tokens that still work now or, for a deactivated user, after reactivation. */
  private async afterlife(
    user: Pick<TenantUser, 'tenantId' | 'id'>,
    passes: readonly { token?: string; refresh?: string }[],
    wasDeactivated: boolean,
  ): Promise<string[]> {
    const isIn = async ({ token }: { token?: string }): Promise<boolean> =>
      token !== undefined && (await this.call(user, '/auth/me', { session: token })).status === 200;
    const isRenewed = async ({ refresh }: { refresh?: string }): Promise<boolean> =>
      refresh !== undefined && (await this.refresh(user, refresh)).status === 200;
    const before = await alive(passes, isIn);
    if (wasDeactivated) await this.deactivate(user, false);
    const behind = wasDeactivated ? await alive(passes, isIn) : [];
    const renewed = await alive(passes, isRenewed);
    return [...before, ...behind].map(() => 'session').concat(renewed.map(() => 'refresh token'));
  }

  /** An invited user is deactivated while their link is being renewed or used. */
  private async invitation(action: 'mint' | 'link'): Promise<Race> {
    const email = `${randomUUID()}@example.com`;
    const admin = this.admins.shift();
    if (!admin) throw new Error('No admin is left to invite.');
    // Admins take turns, so that each invites only a few users.
    this.admins.push(admin);
    const { tenantId } = admin;
    const invite = (): Promise<Reply> => {
      const body = { email, role: 'operator' };
      return this.call(admin, '/auth/invite', { body, session: admin.current.token });
    };
    const accept = (token: string): Promise<Reply> =>
      this.call(admin, '/auth/signup-exchange', { body: { token, password: OLD } });
    const first = await invite();
    const { user } = first.body as unknown as { user: { id: string } };
    const links = [linkIn(first.body)];
    return {
      act: () => (action === 'mint' ? invite() : accept(links[0] ?? '')),
      revoke: () => this.deactivate({ tenantId, id: user.id }, true),
      survivors: async ({ status, body }) => {
        if (status < 300 && action === 'mint') links.push(linkIn(body));
        const came = status < 300 && action === 'link' ? [passIn(body)] : [];
        const isGood = async (token: string): Promise<boolean> => (await accept(token)).status < 300;
        const found = await this.afterlife({ tenantId, id: user.id }, came, true);
        return [...found, ...(await alive(links, isGood)).map(() => 'invitation')];
      },
    };
  }

  /** Uses a new address for each call, since failures count towards the limit of the address. */
  private async call(
    { tenantId }: Pick<TenantUser, 'tenantId'>,
    path: string,
    { body, session, method }: Call,
  ): Promise<Reply> {
    const headers = { 'x-forwarded-for': addressOf((this.calls += 1)) };
    const answer: Answer<Body> = await this.stack.tenant<Body>(tenantId, `/api${path}`, {
      body,
      session,
      headers,
      method,
    });
    return answer;
  }
}

function passIn(body: Body): { token?: string; refresh?: string } {
  return { token: body?.token, refresh: body?.refresh_token };
}

function linkIn(body: Body): string {
  return new URL(body?.url ?? 'http://none').hash.slice('#token='.length);
}
