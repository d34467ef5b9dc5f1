import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StandardOutput } from './standard-output';

type Files = typeof import('node:fs');

jest.mock('node:fs', () => ({ ...jest.requireActual<Files>('node:fs') }));

/** The functions that the class under test calls. */
const fs = jest.requireMock<Files>('node:fs');

const failure = (code: string): Error => Object.assign(new Error(code), { code });

describe(StandardOutput.name, () => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-log-'));
  const file = join(folder, 'plane.log');
  let descriptor: number;
  let output: StandardOutput;
  beforeEach(() => {
    descriptor = openSync(file, 'w');
    output = new StandardOutput(descriptor);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    closeSync(descriptor);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const lines = (): unknown[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        try {
          return (JSON.parse(line) as { msg: string }).msg;
        } catch {
          return line;
        }
      });
  const log = (msg: string): void => output.write(`${JSON.stringify({ msg })}\n`);

  it('throws nothing while the disk is full, then reports how many lines were lost', () => {
    log('before');
    const full = jest.spyOn(fs, 'writeSync').mockImplementation(() => {
      throw failure('ENOSPC');
    });
    log('one');
    log('two');
    full.mockRestore();
    log('after');
    log('later');
    const note = '2 log lines were lost because standard output was not writable';
    expect(lines()).toEqual(['before', note, 'after', 'later']);
  });

  it('starts a new line after a line that a full disk has truncated', () => {
    const { writeSync } = jest.requireActual<Files>('node:fs');
    const cut = jest.spyOn(fs, 'writeSync');
    cut.mockImplementationOnce((fd: number, bytes: unknown) =>
      writeSync(fd, (bytes as Buffer).subarray(0, 5)),
    );
    cut.mockImplementationOnce(() => {
      throw failure('ENOSPC');
    });
    log('cut short');
    log('whole');
    expect(lines()).toEqual(['{"msg', expect.stringMatching(/^1 log lines/), 'whole']);
  });

  it('waits for a slow reader', () => {
    jest.spyOn(fs, 'writeSync').mockImplementationOnce(() => {
      throw failure('EAGAIN');
    });
    log('late');
    expect(lines()).toEqual(['late']);
  });
});
