import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from './data-directory';
import { StackState } from './stack-state';

describe(StackState.name, () => {
  let data: DataDirectory;
  beforeEach(() => {
    data = new DataDirectory(mkdtempSync(join(tmpdir(), 'atlas-state-')));
  });
  afterEach(() => rmSync(data.root, { recursive: true }));

  it('saves a new record at once, and reads it again on the next start', () => {
    const { sealingKey } = StackState.open(data, 'sqlite').record;
    expect(sealingKey).toMatch(/^k1:[A-Za-z0-9+/]{43}=$/);
    expect(StackState.open(data, 'sqlite').record.sealingKey).toBe(sealingKey);
    expect(statSync(data.secrets('sqlite')).mode & 0o777).toBe(0o600);
  });

  it('does not replace a record that another process creates in the meantime', () => {
    const late = new DataDirectory(data.root);
    let created = '';
    late.existingDatabases = () => {
      created = StackState.open(data, 'sqlite').record.sealingKey;
      return [];
    };
    expect(() => StackState.open(late, 'sqlite')).toThrow('EEXIST');
    expect(StackState.open(data, 'sqlite').record.sealingKey).toBe(created);
    expect(readdirSync(data.root)).toEqual(['secrets.sqlite.json']);
  });

  it('saves each change', () => {
    StackState.open(data, 'sqlite').save({ apiKey: 'aok_1' });
    expect(StackState.open(data, 'sqlite').record).toMatchObject({ apiKey: 'aok_1', isOperatorMade: false });
  });

  it('uses a separate record for each kind of database', () => {
    const { sealingKey } = StackState.open(data, 'sqlite').record;
    expect(StackState.open(data, 'postgres').record.sealingKey).not.toBe(sealingKey);
  });

  it('refuses to create a record if databases already exist, because their keys are missing', () => {
    writeFileSync(data.sqliteFile('control-plane'), '');
    mkdirSync(data.postgres);
    expect(() => StackState.open(data, 'sqlite')).toThrow(/control-plane\.db exists, but its keys/);
    expect(() => StackState.open(data, 'postgres')).toThrow(/postgres exists, but its keys/);
  });
});
