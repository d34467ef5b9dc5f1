import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Json } from '@atlas/platform';
import { type SignedIn } from '@atlas/tenant-api/accounts';
import { type Command, type Terminal } from '../command';
import { callJson } from '../control-plane/http-call';
import { CommandFailure, EXIT, UsageError } from '../failure';
import { type Given } from '../options';
import { typedSecret } from '../typed-secret';
import { GROUP } from './data-group';
import { interruptible } from './interruptible';
import { JSON_OPTION, addressIn } from './tenant-session';

const LONGEST_PASSWORD = 10_000;

/** Signs a user in, and keeps the session in a file for the other commands. */
export class SignInCommand implements Command {
  readonly name = 'sign-in';
  readonly group = GROUP;
  readonly summary = 'Sign in to a tenant, and keep the session in a file';
  readonly about = `Signs in with a password and writes the session token to a file that only you can read.
Other commands read it with --session-file. It asks for the password, or reads it from standard input if that
is not a terminal.`;
  readonly options = [
    { name: 'url', value: '<url>', text: "the tenant's address", isRequired: true },
    { name: 'email', value: '<address>', text: 'who signs in', isRequired: true },
    {
      name: 'session-file',
      value: '<file>',
      text: 'write the session to this file, and replace what it contains',
      isRequired: true,
    },
    { name: 'tenant', value: '<slug>', text: 'which tenant, if the address does not say it' },
    JSON_OPTION,
  ];
  readonly examples = [
    'sign-in --url https://acme.tenants.example.com --email ann@acme.example --session-file session',
  ];
  readonly notes = 'If your tenant signs in through an identity provider only, this command is refused.';

  constructor(
    private readonly terminal: Terminal,
    private readonly input: Readable & { readonly isTTY?: boolean } = process.stdin,
  ) {}

  run({ values, isJson }: Given): Promise<number> {
    const { tenant } = values;
    const [url, file] = [addressIn(String(values['url'])), resolve(String(values['session-file']))];
    return interruptible(async (signal) => {
      const body = { email: String(values['email']), password: await this.password(signal) };
      const headers: Record<string, string> = tenant === undefined ? {} : { 'x-tenant-id': String(tenant) };
      const signIn = { method: 'POST', url: `${url}/api/auth/token`, headers, body, signal } as const;
      const { token, expires_at, user } = await callJson<Json<SignedIn>>(signIn);
      keep(token, file);
      const { email, role } = user;
      const shown = `Signed in as ${email} (${role}) until ${expires_at}. The session is in ${file}\n`;
      this.terminal.out(isJson ? `${JSON.stringify({ user, expires_at, file })}\n` : shown);
      return EXIT.done;
    });
  }

  private async password(signal: AbortSignal): Promise<string> {
    const password = this.input.isTTY
      ? await typedSecret('Password: ', this.terminal, this.input, signal)
      : (await text(this.input)).replace(/\r?\n$/, '');
    if (password === '' || password.length > LONGEST_PASSWORD)
      throw new UsageError('There is no password.', {
        hint: 'Type it when you are asked, or send it to standard input.',
      });
    return password;
  }
}

function keep(token: string, file: string): void {
  const draft = `${file}.${randomUUID()}.draft`;
  try {
    writeFileSync(draft, `${token}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(draft, file);
  } catch (error) {
    throw new CommandFailure(`Cannot keep the session: ${(error as Error).message}`, {
      code: 'file_not_writable',
      hint: 'Choose another file with --session-file.',
    });
  } finally {
    rmSync(draft, { force: true });
  }
}
