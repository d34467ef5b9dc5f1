import { attemptsOn } from './attempts';
import { type Party } from './party';
import { type Route, type RouteLine, nameOf, tableFaults } from './route-line';
import { controlsOf } from './controls';
import { tenantPlaneLines } from './tenant-plane-routes';
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
  it('is reported as faulty if it lacks a line for a new route or keeps one for a removed route', () => {
    const routes = [ROUTE, { method: 'GET', path: '/api/new' }, { method: 'HEAD', path: '/api/old' }];
    expect(tableFaults({ 'PATCH /api/incidents/:id': LINE, 'GET /api/old': LINE }, routes)).toEqual([
      'GET /api/new has no line',
      'GET /api/old no longer exists',
    ]);
  });
});

describe('the routes for an object that a fixture creates', () => {
  const path = '/api/incidents';
  const routes: Route[] = [
    { method: 'GET', path },
    { method: 'POST', path },
    { method: 'DELETE', path: `${path}/:id` },
    { method: 'GET', path: `${path}/:id` },
    { method: 'PATCH', path: `${path}/:id` },
  ];
  const table = tenantPlaneLines(routes);

  it('have lines in the table of routes without being listed one by one', () => {
    expect(table).toMatchObject({
      'GET /api/incidents': { verb: 'list', query: { cursor: 'incident' } },
      'POST /api/incidents': { verb: 'write', isRepeatable: true },
      'GET /api/incidents/:id': { verb: 'read', path: { id: 'incident' } },
      'PATCH /api/incidents/:id': { verb: 'write', path: { id: 'incident' } },
      'DELETE /api/incidents/:id': { verb: 'write', path: { id: 'incident' }, removes: true },
    });
  });

  it('have no line in the table of routes if no fixture covers the method', () => {
    const odd = { method: 'POST', path: '/api/cmdb/items/:id' };
    expect(tableFaults(tenantPlaneLines([odd]), [odd])).toContain('POST /api/cmdb/items/:id has no line');
  });

  it('are called as the tenant that owns the object, with the deletion last', () => {
    const controls = controlsOf(table, routes, acme, () => true).map(({ route }) => nameOf(route));
    expect(controls.at(-1)).toBe('DELETE /api/incidents/:id');
    expect(controls).toHaveLength(routes.length);
  });

  it("are never called with the caller's own object in cross-tenant deletion attempts", () => {
    const route = { method: 'DELETE', path: `${path}/:id` };
    const attempts = attemptsOn(route, table[nameOf(route)] ?? LINE, acme, globex);
    expect(attempts.map(({ form }) => form)).toEqual(expect.arrayContaining(['path', 'header', 'subdomain']));
    for (const { request } of attempts) expect(request.target).not.toContain(acme.subjects['incident']);
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

  it('omit forms that need an unknown address or id', () => {
    const unknown = { ...globex, host: null, subjects: {} };
    const forms = attemptsOn(ROUTE, LINE, acme, unknown).map(({ form }) => form);
    expect(new Set(forms)).toEqual(new Set(['query', 'body']));
  });
});

describe('the verdict on a response', () => {
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
  ])('to a "%s" attempt, with status %d and text %j, is "%s"', (form, status, text, expected) => {
    expect(outcome(form, status, text)).toBe(expected);
  });

  it('is based on marks that appear only in responses to the other tenant', () => {
    const texts = [`{"id":"${ID}4","plane":"${ID}9","by":"a@globex.example.com","title":"canary-0f x"}`];
    expect(marksIn(texts, [`{"plane":"${ID}9"}`])).toEqual([`${ID}4`, 'a@globex.example.com', 'canary-0f']);
  });
});
