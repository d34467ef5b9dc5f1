import { resolve } from 'node:path';
import { type Command, type Terminal } from '../command';
import { type Given } from '../options';
import {
  BACKUP_OPERAND,
  IDENTITY_OPTION,
  type Input,
  PASSPHRASE_OPTION,
  identityArgument,
  withPassphrase,
  withProgress,
} from './backup-options';
import { type BackupView, backupText } from './backup-text';
import { readEnvFile } from './env-file';
import { GROUP } from './install-options';
import { runPlaneScript } from './plane-script';

export class RestoreCommand implements Command {
  readonly name = 'restore';
  readonly group = GROUP;
  readonly summary = 'Restore a tenant plane from a backup';
  readonly about = `Restores a tenant plane into a new folder, and on Postgres also into an empty database. It
is the same plane, and needs no new install bundle. The whole backup is verified first, and a restore that
fails changes nothing. Stop the original first: the Control Plane reports it as an outdated copy.`;
  readonly operand = BACKUP_OPERAND;
  readonly options = [
    { name: 'to', value: '<folder>', isRequired: true, text: 'the new folder, which is empty or missing' },
    {
      name: 'database-file',
      value: '<file>',
      text: 'a file with TENANT_PLANE_DATABASE_URL=<an empty database>',
      default: 'the database that was backed up',
    },
    PASSPHRASE_OPTION,
    IDENTITY_OPTION,
    { name: 'json', text: 'write one JSON document instead of text, also for errors' },
  ];
  readonly examples = [
    'restore plane.age --to /opt/atlas-restored',
    'restore plane.age --to /opt/atlas-restored --database-file new-database.env',
  ];
  readonly notes = `The file of --database-file may also name the owner of the database, as
TENANT_PLANE_MIGRATION_DATABASE_URL. Files from outside the old folder are in "elsewhere", below their old
path. Put them back, and correct paths in atlas-tp.env that have changed.`;

  constructor(
    private readonly terminal: Terminal,
    private readonly input: Input = process.stdin,
  ) {}

  async run(given: Given): Promise<number> {
    const folder = resolve(String(given.values['to']));
    const databaseFile = given.values['database-file'];
    const isNew = typeof databaseFile === 'string';
    // The shell may name the database that was backed up.
    const plane = isNew ? { ...withoutDatabase(process.env), ...readEnvFile(databaseFile) } : process.env;
    const asked = { terminal: this.terminal, input: this.input, isNew: false };
    const env = given.values['identity-file'] ? plane : await withPassphrase(given, plane, asked);
    const args = ['--file', resolve(given.operand), '--to', folder, ...identityArgument(given)];
    if (isNew) args.push('--new-database');
    const run = () => runPlaneScript('restore-backup', env, args, { passesSignals: true });
    const { code, document } = await withProgress(given, 'Restoring', run);
    const text = (): string =>
      `Restored into ${folder}\n${backupText(JSON.parse(document) as BackupView)}` +
      'Start it there: atlas-tp preflight, then atlas-tp run\n';
    this.terminal.out(given.isJson ? document : text());
    return code;
  }
}

function withoutDatabase({
  TENANT_PLANE_DATABASE_URL: _,
  TENANT_PLANE_MIGRATION_DATABASE_URL: __,
  ...env
}: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env;
}
