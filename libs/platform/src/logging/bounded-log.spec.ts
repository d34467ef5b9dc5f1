import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boundLog, startNewLog } from './bounded-log';

describe('a log file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-bounded-log-'));
  const file = join(folder, 'plane.log');
  const previous = join(folder, 'plane.previous.log');
  let log: number;
  beforeEach(() => (log = openSync(file, 'a', 0o600)));
  afterEach(() => {
    closeSync(log);
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is rotated when it is too large, while its writer keeps appending', () => {
    writeSync(log, 'one\n');
    boundLog(file, 4);
    writeSync(log, 'two\n');
    boundLog(file, 4);
    expect([readFileSync(file, 'utf8'), readFileSync(previous, 'utf8')]).toEqual(['', 'one\ntwo\n']);
    writeSync(log, 'three\n');
    expect(readFileSync(file, 'utf8')).toBe('three\n');
    boundLog(file, 4);
    expect(readFileSync(previous, 'utf8')).toBe('three\n');
  });

  it('stays readable only by its owner', () => {
    writeSync(log, 'one\n');
    boundLog(file, 1);
    expect([file, previous].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
  });

  it('becomes the previous log when a new log is started', () => {
    writeSync(log, 'one\n');
    startNewLog(file);
    expect(readdirSync(folder)).toEqual(['plane.previous.log']);
    startNewLog(file);
    boundLog(file);
    expect(readFileSync(previous, 'utf8')).toBe('one\n');
  });
});
