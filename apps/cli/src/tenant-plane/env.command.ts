import { existsSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { type Command, type Output } from '../command';
import { CommandFailure } from '../failure';
import { type Given } from '../options';
import { envLinesOf } from './install-bundle';
import { DEFAULT_ENV_FILE, GROUP } from './install-options';

export class EnvCommand implements Command {
  readonly name = 'env';
  readonly group = GROUP;
  readonly summary = 'Write the env file of an install bundle';
  readonly about = `Reads an install bundle from standard input, as the Control Plane returns it (the
whole response or its "install"), and writes its env file, which only its owner can read.`;
  // Not called --env-file: Node 20 interprets that option itself, and exits if the file is missing.
  readonly options = [
    {
      name: 'out',
      value: '<file>',
      text: 'file to write, which must not exist yet',
      default: DEFAULT_ENV_FILE,
    },
    { name: 'json', text: 'write one JSON document instead of text, also for errors' },
  ];
  readonly examples = ['env < install.json'];

  constructor(private readonly output: Output) {}

  async run({ values, isJson }: Given): Promise<number> {
    const file = String(values['out'] ?? DEFAULT_ENV_FILE);
    if (existsSync(file))
      throw new CommandFailure(`${file} already exists.`, {
        code: 'file_exists',
        hint: 'Move it away, or choose another file with --out <file>.',
      });
    const lines = envLinesOf(await text(process.stdin));
    writeFileSync(file, lines, { mode: 0o600, flag: 'wx' });
    this.output.out(
      isJson
        ? `${JSON.stringify({ file })}\n`
        : `Wrote ${file}. Fill in TENANT_PLANE_DATABASE_URL, or leave it for a SQLite database under ` +
            'data/.\n',
    );
    return 0;
  }
}
