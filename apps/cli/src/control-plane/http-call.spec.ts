import { StubApi } from '../../test/stub-api.fixture';
import { EXIT } from '../command';
import { HttpProblem, NoAnswer, callJson, isReady } from './http-call';

describe(callJson.name, () => {
  const { signal } = new AbortController();
  let api: StubApi;
  beforeAll(async () => (api = await StubApi.start()));
  afterAll(() => api.stop());

  const failure = async (answer: object): Promise<HttpProblem> => {
    api.answers = { 'POST /api/tenants': [answer] };
    const call = callJson({ method: 'POST', url: `${api.url}/api/tenants`, body: {}, signal });
    return call.then(
      () => Promise.reject(new Error('It was no failure.')),
      (error: HttpProblem) => error,
    );
  };

  it('tells what is wrong in the words of the answer, field by field, with its trace id', async () => {
    const errors = [
      { field: 'admin_email', message: 'admin_email must be an email' },
      { field: 'slug', message: 'use a text' },
    ];
    const problem = {
      code: 'validation_failed',
      detail: 'The request is not valid.',
      errors,
      trace_id: 't1',
    };
    const { message, exitCode } = await failure({ status: 400, body: problem });
    expect(message).toBe(`The request is not valid.
  - admin_email must be an email
  - slug: use a text
  (POST /api/tenants answered 400 validation_failed, trace id t1)`);
    expect(exitCode).toBe(EXIT.failed);
  });

  it.each([
    [401, { code: 'unauthenticated', detail: 'Send a valid API key.' }, 'Is the API key right'],
    [403, { code: 'forbidden', detail: 'This needs the scope tenants:write.' }, 'tenants:write'],
    [502, '<html>', 'is this the address of the Control Plane?'],
    [301, '', 'is this the address of the Control Plane?'],
  ])('counts %d as no access', async (status, body, text) => {
    const error = await failure({ status, body });
    expect(error).toBeInstanceOf(HttpProblem);
    expect([error.exitCode, error.message]).toEqual([EXIT.noAccess, expect.stringContaining(text)]);
  });

  it('does not take a page for an answer', async () => {
    const error = await failure({ body: '<html>Welcome</html>' });
    expect(error).toBeInstanceOf(NoAnswer);
    expect(error.message).toContain(`is ${api.url} the right address?`);
  });
});

describe(isReady.name, () => {
  let api: StubApi;
  beforeAll(async () => (api = await StubApi.start()));
  afterAll(() => api.stop());

  it('treats a plane that accepts the call but never answers as not ready', async () => {
    api.answers = { 'GET /health/ready': [{ hangs: true }, {}] };
    const { signal } = new AbortController();
    expect(await isReady(api.url, signal, 100)).toBeUndefined();
    expect(await isReady(api.url, signal)).toBe(true);
  });
});
