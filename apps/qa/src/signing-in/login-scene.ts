import { randomBytes } from 'node:crypto';
import {
  ADMIN_PASSWORD,
  type Answer,
  type PlaneProcess,
  TestSmtpServer,
  type TestStack,
} from '@atlas/testing';
import { type ProofContext } from '../proof';

export interface SignInView {
  readonly token: string;
  readonly device_token: string;
}

export interface Account {
  readonly email: string;
  readonly password: string;
}

/**
 * The client's address, as stated by a proxy that the planes trust. If undefined, the caller itself is the
 * client.
 */
export type ClientAddress = string | undefined;

/**
 * A tenant and the processes that serve it (two on Postgres). They trust a proxy to state the client's
 * address. At the reduced size on Postgres, one of the two is the shared stack's own process, which does not
 * trust a proxy.
 */
export class LoginScene {
  private invited = 0;

  private constructor(
    private readonly stack: TestStack,
    private readonly smtp: TestSmtpServer,
    readonly planes: readonly PlaneProcess[],
    private readonly started: readonly PlaneProcess[],
    readonly slug: string,
    readonly owner: Account,
    readonly ownerSession: string,
  ) {}

  static async set({ driver, served, size }: ProofContext): Promise<LoginScene> {
    const { stack, install, planeDatabase } = await served();
    const smtp = await TestSmtpServer.start();
    const env = { TRUSTED_PROXIES: '127.0.0.1', ...smtp.env };
    const [cell] = stack.tenantPlanes;
    // A SQLite file can be used by only one process.
    if (driver === 'sqlite' && cell) await stack.endTenantPlane(cell);
    const start = (): Promise<PlaneProcess> => stack.startTenantPlane(install, planeDatabase, env);
    const isCellKept = driver === 'postgres' && size === 'small' && cell;
    const started = await Promise.all(driver === 'postgres' && !isCellKept ? [start(), start()] : [start()]);
    const planes = isCellKept ? [cell, ...started] : started;
    const slug = `login-${randomBytes(4).toString('hex')}`;
    const { session } = await stack.tenantWithAdmin(slug);
    const owner = { email: session.user.email, password: ADMIN_PASSWORD };
    return new LoginScene(stack, smtp, planes, started, slug, owner, session.token);
  }

  async clear(): Promise<void> {
    await Promise.all(this.started.map((plane) => this.stack.endTenantPlane(plane)));
    await this.smtp.stop();
  }

  /** The URL of a process. Successive numbers select the processes in turn. */
  plane(n: number): string {
    return this.planes[n % this.planes.length]?.url ?? '';
  }

  call<T>(
    path: string,
    body: object | undefined,
    options: { readonly n?: number; readonly from?: ClientAddress; readonly session?: string } = {},
  ): Promise<Answer<T>> {
    const { n = 0, from, session } = options;
    const headers = from === undefined ? undefined : { 'x-forwarded-for': from };
    return this.stack.tenant<T>(this.slug, path, { body, headers, session, at: this.plane(n) });
  }

  signIn(account: Account, body: object = {}, n = 0, from?: ClientAddress): Promise<Answer<SignInView>> {
    return this.call('/api/auth/token', { ...account, ...body }, { n, from });
  }

  /** Invites users by email and accepts the invitations. */
  async users(count: number): Promise<Account[]> {
    const users: Account[] = [];
    for (let i = 0; i < count; i += 1) {
      const email = `user-${(this.invited += 1)}@example.com`;
      const invitee = { email, role: 'operator' };
      await this.call('/api/auth/invite', invitee, { n: 1, session: this.ownerSession });
      const token = await this.invitationOf(email);
      const { status } = await this.call('/api/auth/signup-exchange', { token, password: ADMIN_PASSWORD });
      if (status !== 201) throw new Error(`An invitation was not accepted: ${status}`);
      users.push({ email, password: ADMIN_PASSWORD });
    }
    return users;
  }

  /** Skips other emails that arrive before the invitation. */
  private async invitationOf(email: string): Promise<string | undefined> {
    for (;;) {
      const { to, text } = await this.smtp.next();
      if (to.includes(email)) return /#token=(\S+)/.exec(text)?.[1];
    }
  }

  /** How many passwords the processes have checked in total. */
  async passwordChecks(): Promise<number> {
    const counts = this.planes.map(async ({ url }) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(/^atlas_password_checks_total (\d+)/m.exec(text)?.[1]);
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }
}

/** One of many addresses, each in a different network. */
export function addressOf(n: number): string {
  return `2001:db8:${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}::1`;
}
