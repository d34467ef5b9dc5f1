import { freePort } from '@atlas/testing';
import { StubApi } from '../../test/stub-api.fixture';
import { EXIT } from '../failure';
import { failureJson, failureText } from '../failure-text';
import { HttpProblem, NoAnswer, callJson, isReady, noAnswerFrom } from './http-call';

describe(callJson.name, () => {
  const { signal } = new AbortController();
  let api: StubApi;
  beforeAll(async () => (api = await StubApi.start()));
  afterAll(() => api.stop());

  const failure = async (answer: object): Promise<HttpProblem> => {
    api.answers = { 'POST /api/tenants': [answer] };
    const call = callJson({ method: 'POST', url: `${api.url}/api/tenants`, body: {}, signal });
    return call.then(
      () => Promise.reject(new Error('The call did not fail.')),
      (error: HttpProblem) => error,
    );
  };

  it('shows the detail of a problem, its errors by field, and its trace id', async () => {
    const errors = [
      { field: 'admin_email', message: 'admin_email must be an email' },
      { field: 'slug', message: 'use a string' },
    ];
    const problem = {
      code: 'validation_failed',
      detail: 'The request is not valid.',
      errors,
      trace_id: 't1',
    };
    const error = await failure({ status: 400, body: problem });
    expect(failureText(error)).toBe(`The request is not valid.
  - admin_email must be an email
  - slug: use a string
  (POST /api/tenants returned 400 validation_failed, trace id t1)
`);
    expect(JSON.parse(failureJson(error))).toEqual({ ...problem, status: 400 });
    expect(error.exitCode).toBe(EXIT.failed);
  });

  it.each([
    [401, { code: 'unauthenticated', detail: 'Send a valid API key.' }, 'Check that the API key is correct'],
    [403, { code: 'forbidden', detail: 'This needs the scope tenants:write.' }, 'tenants:write'],
    [502, '<html>', 'Is this the address of the Control Plane?'],
    [301, '', 'Is this the address of the Control Plane?'],
  ])('fails with exit code 3 (no access) if the status is %d', async (status, body, text) => {
    const error = await failure({ status, body });
    expect(error).toBeInstanceOf(HttpProblem);
    expect(error.exitCode).toBe(EXIT.noAccess);
    expect(failureText(error)).toContain(text);
  });

  it.each([
    ['http://demo.localhost:4200', 'Use http://127.0.0.1:4200 instead.'],
    ['https://acme.example.com', 'Check that https://acme.example.com is the right address'],
  ])('says what to do if the machine does not resolve %s', (url, hint) => {
    const cause = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    expect(noAnswerFrom(url, { cause }, undefined).hint).toContain(hint);
  });

  it('does not accept a web page as a response', async () => {
    const error = await failure({ body: '<html>Welcome</html>' });
    expect(error).toBeInstanceOf(NoAnswer);
    expect(error.hint).toBe(`Is ${api.url} the right address?`);
  });
});

describe(NoAnswer.name, () => {
  it('says what to check if nothing listens at the address', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const call = callJson({ method: 'GET', url, signal: new AbortController().signal });
    await expect(call).rejects.toMatchObject({
      message: expect.stringContaining(`No response from ${url}: `),
      hint: `Check that ${url} is the right address, and that its server is running.`,
    });
  });
});

describe(isReady.name, () => {
  let api: StubApi;
  beforeAll(async () => (api = await StubApi.start()));
  afterAll(() => api.stop());

  it('reports that a plane is not ready if it accepts the connection but never responds', async () => {
    api.answers = { 'GET /health/ready': [{ hangs: true }, {}] };
    const { signal } = new AbortController();
    expect(await isReady(api.url, signal, 100)).toBeUndefined();
    expect(await isReady(api.url, signal)).toBe(true);
  });
});
