import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownIdentity } from './process-identity';
import { RunLock } from './run-lock';

describe('the lock of a folder', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'atlas-lock-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const left = (number: number, holder: unknown): void =>
    writeFileSync(join(folder, `lock.${number}`), JSON.stringify(holder));

  it('is held by one, until it is released', () => {
    const lock = RunLock.take(folder);
    expect(RunLock.take(folder)).toBeNull();
    expect(RunLock.holder(folder)).toEqual(ownIdentity());
    lock?.release();
    expect(RunLock.holder(folder)).toBeNull();
    expect(RunLock.take(folder)).not.toBeNull();
  });

  it('is taken over from a process that has ended', () => {
    const { pid } = spawnSync('true');
    left(7, { pid, started: null });
    expect(RunLock.take(folder)).not.toBeNull();
    expect(readdirSync(folder)).toEqual(['lock.8']);
  });

  it('is taken over from a process whose id belongs to another process now', () => {
    left(7, { pid: process.pid, started: 'another boot:1' });
    expect(RunLock.take(folder)).not.toBeNull();
  });

  it('is taken over from a file that was cut off', () => {
    writeFileSync(join(folder, 'lock.3'), '{"pid":');
    expect(RunLock.take(folder)).not.toBeNull();
  });

  it('is not taken from a process that lives, even if a dead one is listed too', () => {
    left(7, { pid: 1, started: 'another boot:1' });
    left(8, ownIdentity());
    expect(RunLock.take(folder)).toBeNull();
  });
});
