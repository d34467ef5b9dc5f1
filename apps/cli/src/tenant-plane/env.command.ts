import { existsSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { type Command, CommandFailure, type Output, UsageError } from '../command';
import { DEFAULT_ENV_FILE } from './install-options';
import { envLinesOf } from './install-bundle';

const USAGE = `Writes the env file of an install bundle, which is read from standard input as the Control Plane gives it: the answer
to a provisioning or to a new token, or its "install". Only its owner may read the file.

  atlas-tp env [--out <file>] < install.json

  --out <file>   (default: ${DEFAULT_ENV_FILE}); one that is there is left alone
  --help
`;

export class EnvCommand implements Command {
  readonly name = 'env';
  readonly summary = 'write the env file of an install bundle';
  readonly usage = USAGE;

  constructor(private readonly output: Output) {}

  async run(args: readonly string[]): Promise<number> {
    const file = fileIn(args);
    if (existsSync(file))
      throw new CommandFailure(`${file} is there already: move it away, or name another.`);
    const lines = envLinesOf(await text(process.stdin));
    writeFileSync(file, lines, { mode: 0o600, flag: 'wx' });
    this.output.out(
      `Written: ${file}. Fill in TENANT_PLANE_DATABASE_URL, or leave it for SQLite under data/.\n`,
    );
    return 0;
  }
}

function fileIn(args: readonly string[]): string {
  // Not --env-file: Node 20 takes that for itself wherever it stands, and ends when there is no such file.
  const options = { out: { type: 'string', default: DEFAULT_ENV_FILE } } as const;
  try {
    return parseArgs({ args: [...args], options }).values.out;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
