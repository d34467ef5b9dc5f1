import { attemptsOn } from './attempts';
import { type Party } from './party';
import { type RouteLine, tableFaults } from './route-line';
import { type Outcome, judge, marksIn } from './verdict';

const ID = '01890000-0000-7000-8000-00000000000';
const party = (slug: string, digit: number): Party => ({
  tenantId: `${ID}${digit}`,
  slug,
  host: `${slug}.localhost:4200`,
  session: `atu_${slug}`,
  subjects: { incident: `${ID}${digit + 2}` },
});
const [acme, globex] = [party('acme', 1), party('globex', 2)];
const ROUTE = { method: 'PATCH', path: '/api/incidents/:id' };
const LINE: RouteLine = { verb: 'write', path: { id: 'incident' }, body: () => ({ severity: 'P5' }) };

describe('the table of routes', () => {
  it('lacks a line for a new route, and has a stale line for a removed one', () => {
    const routes = [ROUTE, { method: 'GET', path: '/api/new' }, { method: 'HEAD', path: '/api/old' }];
    expect(tableFaults({ 'PATCH /api/incidents/:id': LINE, 'GET /api/old': LINE }, routes)).toEqual([
      'GET /api/new has no line',
      'GET /api/old no longer exists',
    ]);
  });
});

describe('the attempts on a route', () => {
  const attempts = attemptsOn(ROUTE, LINE, acme, globex);
  const of = (form: string) => attempts.filter((attempt) => attempt.form === form);

  it('cover each form that the route accepts', () => {
    expect(attempts.map(({ form }) => form).filter((form, at, all) => all.indexOf(form) === at)).toEqual([
      'path',
      'query',
      'body',
      'header',
      'subdomain',
    ]);
    expect(of('path').map(({ request }) => request.target)).toContain(`/api/incidents/${ID}4`);
    expect(of('header').map(({ request }) => request.headers['x-tenant-id'])).toContain('globex');
    expect(of('subdomain').every(({ request }) => request.host === globex.host)).toBe(true);
  });

  it('all use the session of the calling tenant', () => {
    for (const { request } of attempts) expect(request.headers['authorization']).toBe('Bearer atu_acme');
  });

  it('leave out what nobody knows: an address, an id', () => {
    const unknown = { ...globex, host: null, subjects: {} };
    const forms = attemptsOn(ROUTE, LINE, acme, unknown).map(({ form }) => form);
    expect(new Set(forms)).toEqual(new Set(['query', 'body']));
  });
});

describe('judging an answer', () => {
  const marks = { rows: ['canary-b', `${ID}4`], name: 'Globex' };
  const attempts = attemptsOn(ROUTE, LINE, acme, globex);
  const outcome = (form: string, status: number, text: string): Outcome => {
    const attempt = attempts.find((one) => one.form === form);
    if (!attempt) throw new Error(form);
    return judge(attempt, { status, text }, marks).outcome;
  };

  it.each<[string, number, string, Outcome]>([
    ['path', 404, 'no such incident', 'refused'],
    ['path', 404, `no such incident: ${ID}4`, 'refused'],
    ['path', 404, 'no such incident in Globex', 'leak'],
    ['path', 200, '{}', 'leak'],
    ['query', 200, '{}', 'own'],
    ['query', 200, `{"id":"${ID}4"}`, 'leak'],
    ['query', 200, '{"title":"canary-b"}', 'leak'],
    ['header', 403, '', 'refused'],
    ['header', 500, '', 'fault'],
    ['header', 0, 'socket hang up', 'fault'],
  ])('by %s: %d %s is %s', (form, status, text, expected) => {
    expect(outcome(form, status, text)).toBe(expected);
  });

  it('collects what only the other tenant is told', () => {
    const texts = [`{"id":"${ID}4","plane":"${ID}9","by":"a@globex.example.com","title":"canary-0f x"}`];
    expect(marksIn(texts, [`{"plane":"${ID}9"}`])).toEqual([`${ID}4`, 'a@globex.example.com', 'canary-0f']);
  });
});
