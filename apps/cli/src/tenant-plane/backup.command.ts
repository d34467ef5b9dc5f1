import { resolve } from 'node:path';
import { type Command, type Terminal } from '../command';
import { type Given } from '../options';
import {
  BACKUP_OPERAND,
  type Input,
  PASSPHRASE_OPTION,
  withPassphrase,
  withProgress,
} from './backup-options';
import { type BackupView, backupText } from './backup-text';
import { GROUP, INSTALL_OPTIONS, envFileOf, planeEnvironmentOf } from './install-options';
import { runPlaneScript } from './plane-script';

export class BackupCommand implements Command {
  readonly name = 'backup';
  readonly group = GROUP;
  readonly summary = 'Back up this tenant plane into one encrypted file';
  readonly about = `Writes the database, the identity, the keys, the env file and the certificates of this
tenant plane into one encrypted file. The plane may be running. Its rows are those of one moment.`;
  readonly operand = BACKUP_OPERAND;
  readonly options = [
    {
      name: 'recipient',
      value: '<keys>',
      isList: true,
      text: 'encrypt to these public keys of age (age1…, separated by commas) instead of a passphrase',
    },
    PASSPHRASE_OPTION,
    {
      name: 'include',
      value: '<paths>',
      isList: true,
      text: 'also back up these files and folders, separated by commas',
    },
    ...INSTALL_OPTIONS,
  ];
  readonly examples = [
    'backup plane.age',
    'backup plane.age --passphrase-file passphrase --include /etc/caddy/tls,/var/lib/atlas-agent',
    'backup plane.age --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kudm55s4sjkxrwq',
  ];
  readonly notes = `Files in data/tls and data/ca, and the file that NODE_EXTRA_CA_CERTS names, are always
included. An existing file is never replaced. Without the passphrase, nobody can read the backup, and neither
can you: keep it apart from the backup.`;

  constructor(
    private readonly terminal: Terminal,
    private readonly input: Input = process.stdin,
  ) {}

  async run(given: Given): Promise<number> {
    const { values, operand } = given;
    const recipients = listed(values['recipient']);
    const envFile = envFileOf(given);
    const args = [
      ['--file', resolve(operand)],
      ...(envFile === undefined ? [] : [['--env-file', resolve(envFile)]]),
      ...recipients.map((recipient) => ['--recipient', recipient]),
      ...listed(values['include']).map((path) => ['--include', resolve(path)]),
    ].flat();
    const plane = planeEnvironmentOf(given, process.env);
    const asked = { terminal: this.terminal, input: this.input, isNew: true };
    const env = recipients.length > 0 ? plane : await withPassphrase(given, plane, asked);
    const run = (): ReturnType<typeof runPlaneScript> =>
      runPlaneScript('backup', env, args, { passesSignals: true });
    const { code, document } = await withProgress(given, 'Backing up', run);
    this.terminal.out(
      given.isJson ? document : `Wrote ${operand}\n${backupText(JSON.parse(document) as BackupView)}`,
    );
    return code;
  }
}

function listed(value: string | boolean | undefined): readonly string[] {
  return typeof value === 'string' ? value.split(',') : [];
}
