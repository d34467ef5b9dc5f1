import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { UsageError } from '../failure';
import { type Values } from '../options';
import { withPassphrase } from './backup-options';

describe(withPassphrase.name, () => {
  let folder: string;
  let terminal: RecordingTerminal;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'atlas-passphrase-'));
    terminal = new RecordingTerminal();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const passphrase = async (
    values: Values,
    { env = {}, typed = [] as string[], isTTY = false, isNew = false } = {},
  ): Promise<string | undefined> => {
    const input = Object.assign(new PassThrough(), { isTTY });
    const asked = withPassphrase({ values, operand: '', isJson: false }, env, { terminal, input, isNew });
    for (const line of typed) {
      await new Promise((resolve) => setImmediate(resolve));
      input.write(`${line}\r`);
    }
    return (await asked)['ATLAS_BACKUP_PASSPHRASE'];
  };

  it('reads it from a file, without the line break, before any variable', async () => {
    const file = join(folder, 'passphrase');
    writeFileSync(file, 'from the file \n');
    const env = { ATLAS_BACKUP_PASSPHRASE: 'from the variable' };
    expect(await passphrase({ 'passphrase-file': file }, { env })).toBe('from the file ');
    expect(await passphrase({}, { env })).toBe('from the variable');
  });

  it('asks once to decrypt, and twice for a new backup, and shows nothing', async () => {
    expect(await passphrase({}, { isTTY: true, typed: ['open sesame'] })).toBe('open sesame');
    const typed = ['open sesame', 'open sesame'];
    expect(await passphrase({}, { isTTY: true, isNew: true, typed })).toBe('open sesame');
    expect(terminal.complaints).toBe('Passphrase: \nPassphrase: \nAgain: \n');
    expect(terminal.written).toBe('');
  });

  it('refuses two that differ, a missing file, and to ask if there is no terminal', async () => {
    const differing = passphrase({}, { isTTY: true, isNew: true, typed: ['open sesame', 'open sesam'] });
    await expect(differing).rejects.toThrow('The passphrases differ.');
    await expect(passphrase({ 'passphrase-file': join(folder, 'missing') })).rejects.toThrow(/ENOENT/);
    await expect(passphrase({})).rejects.toThrow(UsageError);
  });
});
