import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { atlasWith } from '../../test/program.fixture';
import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { StubApi } from '../../test/stub-api.fixture';
import { runCommandLine } from '../command-line';
import { SignInCommand } from './sign-in.command';

const CALL = 'POST /api/auth/token';
const TOKEN = 'atu_01890000-0000-7000-8000-000000000001_secret-of-the-session';
const PASSWORD = 'a pass "word" of Ann';
const SIGNED_IN = {
  token: TOKEN,
  refresh_token: 'atr_secret-of-the-refresh',
  expires_at: '2026-01-31T12:00:00.000Z',
  user: { id: 'u1', email: 'ann@acme.example', name: 'Ann', role: 'operator' },
};

describe('atlas-tp sign-in', () => {
  let folder: string;
  let file: string;
  let plane: StubApi;
  let terminal: RecordingTerminal;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'atlas-sign-in-'));
    file = join(folder, 'session');
    plane = await StubApi.start();
    plane.answers = { [CALL]: [{ body: SIGNED_IN }] };
    terminal = new RecordingTerminal();
  });
  afterEach(() => {
    plane.stop();
    rmSync(folder, { recursive: true });
  });

  const signIn = (typed: string, { isTTY = false, to = file, flags = [] as string[] } = {}) => {
    const input = Object.assign(new PassThrough(), { isTTY });
    input.end(typed);
    const program = atlasWith(new SignInCommand(terminal, input));
    const options = ['--url', plane.url, '--email', 'ann@acme.example', '--session-file', to, ...flags];
    return runCommandLine(['sign-in', ...options], program, terminal);
  };
  const written = (): string => terminal.written + terminal.complaints;

  it.each([
    ['standard input', `${PASSWORD}\n`, false],
    ['a terminal, which does not show it', `${PASSWORD}\r`, true],
  ])('reads the password from %s, and keeps the session for its owner only', async (_, typed, isTTY) => {
    writeFileSync(file, 'an old session');
    expect(await signIn(typed, { isTTY })).toBe(0);
    expect(plane.calls).toMatchObject([
      { call: CALL, body: { email: 'ann@acme.example', password: PASSWORD } },
    ]);
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual([`${TOKEN}\n`, 0o600]);
    expect(written()).toContain(`Signed in as ann@acme.example (operator) until ${SIGNED_IN.expires_at}.`);
    expect(written()).not.toMatch(/secret-of|pass "word"/);
    expect(readdirSync(folder)).toEqual(['session']);
  });

  it('shows programs who signed in, but no token', async () => {
    expect(await signIn(PASSWORD, { flags: ['--json'] })).toBe(0);
    const { user, expires_at } = SIGNED_IN;
    expect(JSON.parse(terminal.written)).toEqual({ user, expires_at, file });
  });

  it('stops on Ctrl-C while it waits for the password', async () => {
    expect(await signIn('\x03', { isTTY: true })).toBe(130);
    expect([plane.calls, readdirSync(folder)]).toEqual([[], []]);
  });

  it('sends nothing without a password', async () => {
    expect(await signIn('\n')).toBe(2);
    expect(plane.calls).toEqual([]);
  });

  it('keeps the old session if the password is wrong', async () => {
    writeFileSync(file, 'an old session');
    const detail = 'The email address or the password is wrong.';
    plane.answers = { [CALL]: [{ status: 401, body: { code: 'invalid_credentials', detail } }] };
    expect(await signIn('wrong')).toBe(3);
    expect(terminal.complaints).toContain(detail);
    expect(terminal.complaints).not.toContain('API key');
    expect(readFileSync(file, 'utf8')).toBe('an old session');
  });

  it('says why it cannot keep the session', async () => {
    expect(await signIn(PASSWORD, { to: join(folder, 'missing', 'session') })).toBe(1);
    expect(terminal.complaints).toMatch(/Cannot keep the session: ENOENT.*\n.*--session-file/);
  });
});
