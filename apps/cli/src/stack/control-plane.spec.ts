import { StubApi } from '../../test/stub-api.fixture';
import { authenticated } from './control-plane';
import { type StackContext } from './stack-context';

describe(authenticated.name, () => {
  const { signal } = new AbortController();
  const operator = { email: 'owner@example.com', password: 'saved-password' };
  const save = jest.fn();
  let api: StubApi;

  beforeEach(async () => (api = await StubApi.start()));
  afterEach(() => {
    api.stop();
    save.mockClear();
  });

  function signIn(): Promise<unknown> {
    const state = { record: { apiKey: 'revoked', operator }, file: '/data/secrets.sqlite.json', save };
    const context = { processes: { signal }, controlPlaneUrl: api.url, state };
    return authenticated(context as unknown as StackContext);
  }

  it('issues a new API key if the saved key was revoked', async () => {
    api.answers = {
      'GET /api/auth/me': [{ status: 401 }],
      'POST /api/auth/login': [{ body: { token: 'session' } }],
      'POST /api/api-keys': [{ status: 201, body: { key: 'aok_new' } }],
    };
    await signIn();
    expect(save).toHaveBeenCalledWith({ apiKey: 'aok_new' });
  });

  it('says where to put the password if the saved password is refused as well', async () => {
    const detail = 'The email address or password is incorrect.';
    api.answers = {
      'GET /api/auth/me': [{ status: 401 }],
      'POST /api/auth/login': [{ status: 401, body: { code: 'invalid_credentials', detail } }],
    };
    const message = expect.stringMatching(
      /secrets\.sqlite\.json, but owner@.* was refused: The email/,
    ) as string;
    const hint = expect.stringMatching(/set "operator" to .* then start again/) as string;
    await expect(signIn()).rejects.toMatchObject({ message, hint, code: 'invalid_credentials' });
    expect(save).not.toHaveBeenCalled();
  });
});
