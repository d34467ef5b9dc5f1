import { OutputBuffer } from './output-buffer';

const MANY = 262_144;

describe('the output that waits for the plane', () => {
  const taken = (buffer: OutputBuffer): { text: string; skipped: number } => {
    let [text, skipped] = ['', 0];
    while (!buffer.isEmpty) {
      const chunk = buffer.take();
      text += chunk.text;
      skipped += chunk.skipped;
    }
    return { text: text + buffer.end(), skipped };
  };

  it('is complete if there is little', () => {
    const buffer = new OutputBuffer();
    for (const text of ['a', 'é', '', 'b']) buffer.push(Buffer.from(text));
    expect(taken(buffer)).toEqual({ text: 'aéb', skipped: 0 });
  });

  it('keeps characters whole that arrive in parts', () => {
    const buffer = new OutputBuffer();
    buffer.push(Buffer.from([0xc3]));
    expect(buffer.take().text).toBe('');
    buffer.push(Buffer.from([0xa9]));
    expect(buffer.take().text).toBe('é');
  });

  it('replaces what the plane does not accept', () => {
    const buffer = new OutputBuffer();
    buffer.push(Buffer.from([0x61, 0, 0xff, 0xc3]));
    expect(taken(buffer).text).toBe('a\ufffd\ufffd\ufffd');
  });

  it.each([1, 1000, 65_536, MANY, 3 * MANY])(
    'drops the oldest bytes and counts them: %i at a time',
    (size) => {
      const buffer = new OutputBuffer();
      buffer.push(Buffer.alloc(10, 'x'));
      for (let written = 0; written < MANY; written += size) buffer.push(Buffer.alloc(size, 'y'));
      buffer.push(Buffer.from('end'));
      const total = 10 + Math.ceil(MANY / size) * size + 3;
      const { text, skipped } = taken(buffer);
      expect([text.length, skipped]).toEqual([MANY, total - MANY]);
      expect(text).toMatch(/^y+end$/);
    },
  );
});
