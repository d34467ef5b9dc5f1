import { type Check, type CheckScene, good } from './check';
import { CHECKS, LINK_CHECKS } from './checks';
import { runChecks } from './run-checks';

const SCENE = {} as CheckScene;
const check = (name: string, run: Check['run'], changes: Partial<Check> = {}): Check => ({
  name,
  run,
  fixOfSilence: `fix ${name}`,
  ...changes,
});
const never = (): Promise<never> => new Promise(() => undefined);

describe('runChecks', () => {
  it('returns results in the order of the checks, no matter which check finishes first', async () => {
    const slow = check('slow', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return good('slow');
    });
    const found = await runChecks([slow, check('quick', async () => good('quick'))], () => SCENE, false);
    expect(found.map(({ name }) => name)).toEqual(['slow', 'quick']);
  });

  it('stops waiting for a check that does not respond, and says what to do', async () => {
    expect(await runChecks([check('silent', never)], () => SCENE, false, 5)).toEqual([
      { name: 'silent', ok: false, detail: 'No response within 0.005 s', fix: 'fix silent' },
    ]);
  });

  it('reports a check that throws as failed', async () => {
    const [found] = await runChecks(
      [check('broken', () => Promise.reject(new Error('boom')))],
      () => SCENE,
      false,
    );
    expect(found).toEqual({
      ok: false,
      name: 'broken',
      detail: expect.stringContaining('boom'),
      fix: 'fix broken',
    });
  });

  it('runs only local checks in offline mode', async () => {
    const found = await runChecks(
      [check('link', never), check('local', async () => good('here'), { isLocal: true })],
      () => SCENE,
      true,
    );
    expect(found).toEqual([
      expect.objectContaining({ name: 'link', ok: false, skipped: true, fix: expect.any(String) }),
      { name: 'local', ok: true, detail: 'here' },
    ]);
  });
});

describe('the checks', () => {
  it('cover only the link if the plane is running', () => {
    const names = LINK_CHECKS.map(({ name }) => name);
    expect(names).toEqual(['dns', 'tls', 'clock', 'signature', 'version', 'latency']);
  });

  it('cover both the link and the machine before an installation, and have unique names', () => {
    const names = CHECKS.map(({ name }) => name);
    expect(names.filter((name) => !LINK_CHECKS.some((one) => one.name === name))).toEqual([
      'database',
      'port',
      'address',
      'token',
    ]);
    expect(new Set(names).size).toBe(names.length);
  });
});
