import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appendedTo, lastLinesOf } from './log-file';

const folder = mkdtempSync(join(tmpdir(), 'atlas-log-'));
const file = join(folder, 'plane.log');
afterAll(() => rmSync(folder, { recursive: true }));

describe(lastLinesOf.name, () => {
  it.each([
    ['a\nb\nc\n', 2, 'b\nc\n'],
    ['a\nb\nc', 2, 'b\nc'],
    ['a\nb\n', 5, 'a\nb\n'],
    ['a\nb\n', 0, ''],
    ['', 5, ''],
  ])('given the log %j, returns the last %d lines', (content, lines, text) => {
    writeFileSync(file, content);
    expect(lastLinesOf(file, lines)).toEqual({ text, end: content.length });
  });

  it('replaces control characters, so that a log cannot control the terminal', () => {
    writeFileSync(file, 'a\u001b[2Jb\r\n\tc\n');
    expect(lastLinesOf(file, 5).text).toBe('a [2Jb \n\tc\n');
  });
});

describe(appendedTo.name, () => {
  it('yields appended text, even after the log is truncated', async () => {
    writeFileSync(file, 'old\n');
    const changes = [
      () => appendFileSync(file, 'new\n'),
      () => undefined,
      () => appendFileSync(file, Buffer.from('half €').subarray(0, 6)),
      () => appendFileSync(file, Buffer.from('half €').subarray(6)),
      () => writeFileSync(file, 'again\n'),
      () => rmSync(file),
    ];
    const pause = async (): Promise<void> => {
      const change = changes.shift();
      if (!change) throw new Error('enough');
      change();
    };
    let text = '';
    const read = async (): Promise<void> => {
      for await (const more of appendedTo(file, 4, pause)) text += more;
    };
    await expect(read()).rejects.toThrow('enough');
    expect(text).toBe('new\nhalf €again\n');
  });
});
