import { eventually } from '@atlas/testing';
import { type Account, type LoginScene } from './login-scene';

const PATIENCE_MS = 5000;
/** An address from which no one has tried to guess a password. */
const HOME = '192.0.2.1';

/** The longest time, in milliseconds, that a session revoked at one process stayed valid at another. */
export async function longestAfterlife(
  scene: LoginScene,
  account: Account,
  sessions: number,
): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < sessions; n += 1) {
    const session = (await scene.signIn(account, {}, n, HOME)).body.token;
    const statusOf = async (): Promise<number> =>
      (await scene.call('/api/auth/me', undefined, { n: n + 1, session })).status;
    if ((await statusOf()) !== 200) throw new Error('The session was invalid before it was revoked.');
    await (n % 2
      ? scene.call('/api/auth/logout', {}, { n, session })
      : changePassword(scene, account, n, (await scene.signIn(account, {}, n, HOME)).body.token));
    const ended = performance.now();
    const isOver = async (): Promise<boolean> => (await statusOf()) === 401;
    await eventually(isOver, { timeoutMs: PATIENCE_MS, everyMs: 5, what: 'the session is refused' });
    times.push(performance.now() - ended);
  }
  return Math.max(...times);
}

/** Changes the password and changes it back. The first change revokes the other sessions. */
async function changePassword(
  scene: LoginScene,
  { password }: Account,
  n: number,
  session: string,
): Promise<void> {
  const another = `${password}, temporarily`;
  for (const [current, wanted] of [
    [password, another],
    [another, password],
  ]) {
    const body = { current_password: current, new_password: wanted };
    const { status } = await scene.call('/api/auth/password', body, { n, session });
    if (status !== 204) throw new Error(`The password was not changed: ${status}`);
  }
}
