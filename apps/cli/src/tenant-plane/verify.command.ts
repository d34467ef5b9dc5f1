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
import { GROUP } from './install-options';
import { runPlaneScript } from './plane-script';

export class VerifyCommand implements Command {
  readonly name = 'verify';
  readonly group = GROUP;
  readonly summary = 'Check a backup of a tenant plane without restoring it';
  readonly about = `Decrypts a backup, and checks the checksum of every file and the number of rows of every
table. It needs no tenant plane, and changes none.`;
  readonly operand = BACKUP_OPERAND;
  readonly options = [
    PASSPHRASE_OPTION,
    IDENTITY_OPTION,
    { name: 'json', text: 'write one JSON document instead of text, also for errors' },
  ];
  readonly examples = ['verify plane.age', 'verify plane.age --identity-file key.txt --json'];
  readonly notes = `A SQLite database is unpacked into a temporary file meanwhile. It has no name, so nothing
decrypted stays behind. TMPDIR says on which disk.`;

  constructor(
    private readonly terminal: Terminal,
    private readonly input: Input = process.stdin,
  ) {}

  async run(given: Given): Promise<number> {
    const args = ['--file', resolve(given.operand), ...identityArgument(given)];
    const asked = { terminal: this.terminal, input: this.input, isNew: false };
    const env = given.values['identity-file'] ? process.env : await withPassphrase(given, process.env, asked);
    const run = (): ReturnType<typeof runPlaneScript> =>
      runPlaneScript('verify-backup', env, args, { passesSignals: true });
    const { code, document } = await withProgress(given, 'Verifying', run);
    const text = (): string =>
      `${given.operand} is whole.\n${backupText(JSON.parse(document) as BackupView)}`;
    this.terminal.out(given.isJson ? document : text());
    return code;
  }
}
