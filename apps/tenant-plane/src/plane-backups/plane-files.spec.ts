import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { planeFiles, withVariables } from './plane-files';

describe(planeFiles.name, () => {
  let folder: string;
  let envFile: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'atlas-files-'));
    envFile = join(folder, 'plane.env');
    writeFileSync(envFile, 'PORT=4200\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('contains the env file, the certificates and the private CA, at their places', () => {
    mkdirSync(join(folder, 'data/tls'), { recursive: true });
    writeFileSync(join(folder, 'data/tls/tenant-plane.key'), 'a key', { mode: 0o600 });
    const authority = join(folder, 'ca.pem');
    writeFileSync(authority, 'a CA');
    const files = planeFiles({ envFile, include: [authority] }, { NODE_EXTRA_CA_CERTS: authority });
    expect(files.map(({ path }) => path)).toEqual(['atlas-tp.env', 'data/tls/tenant-plane.key', 'ca.pem']);
    expect(files.map(({ name }) => name)).toEqual(['files/1', 'files/2', 'files/3']);
  });

  it('keeps files from elsewhere below their old path', () => {
    const other = mkdtempSync(join(tmpdir(), 'atlas-other-'));
    writeFileSync(join(other, 'key'), 'a key');
    const paths = planeFiles({ envFile, include: [other] }, {}).map(({ path }) => path);
    rmSync(other, { recursive: true });
    expect(paths).toEqual(['atlas-tp.env', join('elsewhere', other, 'key')]);
  });

  it('looks for certificates beside the database, too, and gives no two files the same place', () => {
    const data = mkdtempSync(join(tmpdir(), 'atlas-data-'));
    for (const place of [join(folder, 'data'), data]) {
      mkdirSync(join(place, 'tls'), { recursive: true });
      writeFileSync(join(place, 'tls/tenant-plane.key'), place);
    }
    const working = jest.spyOn(process, 'cwd').mockReturnValue(join(data, '..'));
    const databaseFile = join(data, 'plane.db');
    const paths = planeFiles({ envFile, include: [], databaseFile }, {}).map(({ path }) => path);
    working.mockRestore();
    rmSync(data, { recursive: true });
    const other = join(relative(tmpdir(), data), 'tls/tenant-plane.key');
    expect(paths).toEqual(['atlas-tp.env', 'data/tls/tenant-plane.key', other]);
  });

  it('gives the same place in two folders to the one beside the env file', () => {
    const started = mkdtempSync(join(tmpdir(), 'atlas-started-'));
    for (const place of [folder, started]) {
      mkdirSync(join(place, 'data/ca'), { recursive: true });
      writeFileSync(join(place, 'data/ca/ca.pem'), place);
    }
    const working = jest.spyOn(process, 'cwd').mockReturnValue(started);
    const files = planeFiles({ envFile, include: [] }, {});
    working.mockRestore();
    rmSync(started, { recursive: true });
    expect(files.map(({ path }) => path)).toEqual([
      'atlas-tp.env',
      'data/ca/ca.pem',
      join('elsewhere', started, 'data/ca/ca.pem'),
    ]);
    expect(files[1]?.content.toString()).toBe(folder);
  });

  it('leaves the SQLite database out of a folder, and keeps its place free', () => {
    const data = join(folder, 'data');
    mkdirSync(data);
    const suffixes = ['', '-wal', '-shm', '-journal', '.lock', '.lock.pid', '.backup', '.backup.lock'];
    for (const suffix of suffixes) writeFileSync(join(data, `own.db${suffix}`), 'rows');
    for (const name of ['own.db.pem', 'tenant-plane.db']) writeFileSync(join(data, name), 'kept');
    const databaseFile = join(data, 'own.db');
    const paths = planeFiles({ envFile, include: [data], databaseFile }, {}).map(({ path }) => path);
    const moved = join('elsewhere', data, 'tenant-plane.db');
    expect(paths).toEqual(['atlas-tp.env', 'data/own.db.pem', moved]);
  });

  it('writes the variables of the plane, and no others, if there is no env file', () => {
    const [file] = planeFiles({ include: [] }, { PORT: '4300', HOME: '/home/ann' });
    expect(file?.content.toString()).toBe('PORT=4300\n');
  });
});

describe(withVariables.name, () => {
  it('replaces the lines of the variables, and keeps everything else', () => {
    const text = '# Plane\n  export PORT = 4200\nPORTS=1\n#PORT=1\n\n';
    expect(withVariables(text, { PORT: '4300' })).toBe('# Plane\nPORTS=1\n#PORT=1\nPORT=4300\n');
    expect(withVariables(text, { PORT: null })).toBe('# Plane\nPORTS=1\n#PORT=1\n');
  });
});
