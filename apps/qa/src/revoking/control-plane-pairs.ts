import { type Answer, type TestStack } from '@atlas/testing';
import { addressOf } from '../signing-in/login-scene';
import { type TenantRows } from '../tenant-rows';
import { KEY_SCOPES, type RacedOperator, racedOperators } from './operators';
import { OF_ACTOR, OF_REVOKER, OLD } from '../writing/passwords';
import { type Pair, type Race, type Reply, alive } from './race';

type Body = Reply['body'];
type ToOperator = (plane: RacedOperators, operator: RacedOperator) => Promise<Reply>;
/** Something that grants access. */
interface Credential {
  readonly kind: 'session' | 'API key' | 'reset link';
  readonly value: string;
}

interface Action {
  readonly send: ToOperator;
  /** The credential in the response, if it contains one. */
  readonly gives?: (body: Body) => Credential;
}

const session = (value = ''): Credential => ({ kind: 'session', value });
const apiKey = (value = ''): Credential => ({ kind: 'API key', value });
const resetLink = (value = ''): Credential => ({ kind: 'reset link', value });

const CHANGE: Action = { send: (plane, one) => plane.change(one.current, OF_ACTOR) };
const RESET: Action = { send: (plane, one) => plane.reset(one.resetToken, OF_ACTOR) };
const SIGN_IN: Action = { send: (plane, one) => plane.signIn(one), gives: (body) => session(body?.token) };
const MINT: Action = {
  send: (plane, one) => plane.mint(one.current),
  gives: (body) => apiKey(body?.key),
};
const CHILD: Action = {
  send: (plane, one) => plane.mint(one.key.value),
  gives: (body) => apiKey(body?.key),
};
const LINK: Action = { send: (plane, one) => plane.link(one), gives: (body) => resetLink(body?.token) };

interface Revocation {
  readonly acknowledged: number;
  readonly send: ToOperator;
  /** Earlier credentials that the call revokes. */
  readonly ends: (operator: RacedOperator) => readonly Credential[];
}

const CHANGED: Revocation = {
  acknowledged: 204,
  send: (plane, one) => plane.change(one.other, OF_REVOKER),
  ends: (one) => [session(one.current), resetLink(one.resetToken)],
};
const WAS_RESET: Revocation = {
  acknowledged: 200,
  send: (plane, one) => plane.reset(one.resetToken, OF_REVOKER),
  ends: (one) => [session(one.current), session(one.other), resetLink(one.resetToken)],
};
const DISABLED: Revocation = {
  acknowledged: 200,
  send: (plane, one) => plane.disable(one, true),
  ends: (one) => [...WAS_RESET.ends(one), apiKey(one.key.value)],
};
const KEY_REVOKED: Revocation = {
  acknowledged: 204,
  send: (plane, one) => plane.revokeKey(one),
  ends: (one) => [apiKey(one.key.value)],
};
/** A new reset link, which replaces the older link. */
const RELINKED: Revocation = {
  acknowledged: 201,
  send: (plane, one) => plane.link(one),
  ends: (one) => [resetLink(one.resetToken)],
};

const PAIRS: readonly (readonly [string, Action, Revocation])[] = [
  ['change / change', CHANGE, CHANGED],
  ['change / reset', CHANGE, WAS_RESET],
  ['change / disable', CHANGE, DISABLED],
  ['reset / change', RESET, CHANGED],
  ['reset / reset', RESET, WAS_RESET],
  ['reset / disable', RESET, DISABLED],
  ['sign-in / change', SIGN_IN, CHANGED],
  ['sign-in / reset', SIGN_IN, WAS_RESET],
  ['sign-in / disable', SIGN_IN, DISABLED],
  ['mint / disable', MINT, DISABLED],
  ['mint of a child key / disable', CHILD, DISABLED],
  ['mint of a child key / parent revoked', CHILD, KEY_REVOKED],
  ['link / disable', LINK, DISABLED],
  ['link / link', LINK, RELINKED],
];

/** Operators of one Control Plane. Each race gets a new operator. */
export class RacedOperators {
  private calls = 0;
  private operators: RacedOperator[] = [];

  constructor(
    private readonly stack: TestStack,
    private readonly rows: TenantRows,
  ) {}

  /** Creates enough operators for `count` races of each pair. */
  async fill(pairs: number, count: number): Promise<void> {
    this.operators = await racedOperators(this.rows, count * pairs);
  }

  pairs(): Pair[] {
    return PAIRS.map(([name, action, revocation]) => ({
      name: `CP ${name}`,
      acknowledged: revocation.acknowledged,
      race: async () => this.raceOf(action, revocation),
    }));
  }

  /** How long a sign-in takes, in milliseconds. */
  async timeOfSignIn(): Promise<number> {
    const [operator] = await racedOperators(this.rows, 1);
    const start = performance.now();
    if (operator) await this.signIn(operator);
    return performance.now() - start;
  }

  change(by: string, wanted: string): Promise<Reply> {
    return this.call('/auth/password', by, { current_password: OLD, new_password: wanted });
  }
  reset(token: string, password: string): Promise<Reply> {
    return this.call('/auth/reset-password', undefined, { token, password });
  }
  signIn({ email }: RacedOperator): Promise<Reply> {
    return this.call('/auth/login', undefined, { email, password: OLD });
  }
  mint(by: string): Promise<Reply> {
    return this.call('/api-keys', by, { name: 'raced', scopes: KEY_SCOPES.slice(0, 1) });
  }
  link({ id }: RacedOperator): Promise<Reply> {
    return this.call(`/operators/${id}/reset-link`, this.stack.apiKey, undefined, 'POST');
  }
  disable({ id }: RacedOperator, disabled: boolean): Promise<Reply> {
    return this.call(`/operators/${id}`, this.stack.apiKey, { disabled }, 'PATCH');
  }
  revokeKey({ key, other }: RacedOperator): Promise<Reply> {
    return this.call(`/api-keys/${key.id}`, other, undefined, 'DELETE');
  }

  private raceOf(action: Action, revocation: Revocation): Race {
    const operator = this.operators.pop();
    if (!operator) throw new Error('No operator is left for a race.');
    return {
      act: () => action.send(this, operator),
      revoke: () => revocation.send(this, operator),
      survivors: async ({ status, body }, revoked) => {
        const isDone = status < 300;
        const setTwice =
          isDone && [CHANGE, RESET].includes(action) && [CHANGED, WAS_RESET].includes(revocation);
        const came = isDone && action.gives ? [action.gives(body)] : [];
        const covered = [...revocation.ends(operator), ...came];
        const found = setTwice ? ['one password or link set two new passwords'] : [];
        if (revocation === RELINKED) return [...found, ...(await this.moreThanOne(covered, revoked))];
        found.push(...(await this.working(covered)));
        if (revocation !== DISABLED) return found;
        await this.disable(operator, false);
        return [...found, ...(await this.working(covered))];
      },
    };
  }

  /**
   * At most one of several links may work. If more than one works, all except the first count as survivors.
   */
  private async moreThanOne(links: readonly Credential[], { body }: Reply): Promise<string[]> {
    return (await this.working([...links, resetLink(body?.token)])).slice(1);
  }

  private async working(credentials: readonly Credential[]): Promise<string[]> {
    return (await alive(credentials, (one) => this.works(one))).map(({ kind }) => kind);
  }

  private async works({ kind, value }: Credential): Promise<boolean> {
    if (kind === 'reset link') return (await this.reset(value, OF_ACTOR)).status < 300;
    const path = kind === 'session' ? '/auth/me' : '/tenants?limit=1';
    return (await this.call(path, value)).status === 200;
  }

  /** Uses a new address for each call, since failures count towards the limit of the address. */
  private async call(path: string, by?: string, body?: object, method?: string): Promise<Reply> {
    const answer: Answer<Body> = await this.stack.api<Body>(`/api${path}`, {
      body,
      method,
      headers: {
        'x-forwarded-for': addressOf((this.calls += 1)),
        authorization: by === undefined ? '' : `Bearer ${by}`,
      },
    });
    return answer;
  }
}
