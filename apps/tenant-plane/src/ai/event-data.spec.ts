import { eventData } from './event-data';

async function* cut(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('the data of server-sent events', () => {
  it.each([1, 2, 3, 1000])('is reassembled from %s-byte chunks', async (size) => {
    const text = ': hello\n\ndata: {"a":"ä€"}\r\n\r\nevent: x\ndata:one\ndata: two\n\ndata: cut off';
    const found: string[] = [];
    for await (const data of eventData(cut(text, size))) found.push(data);
    expect(found).toEqual(['{"a":"ä€"}', 'one\ntwo']);
  });

  const read = async (parts: AsyncIterable<Uint8Array>): Promise<number> => {
    let length = 0;
    for await (const data of eventData(parts)) length += data.length;
    return length;
  };
  const event = (size: number): string => `data: ${'x'.repeat(size)}\n\n`;
  const FIVE_MEGABYTES = 5_000_000;

  it('takes as long for large events as for small ones, also in small chunks', async () => {
    const timed = async (size: number): Promise<number> => {
      const text = event(size).repeat(FIVE_MEGABYTES / size);
      const startedAt = performance.now();
      expect(await read(cut(text, 64))).toBe(FIVE_MEGABYTES);
      return performance.now() - startedAt;
    };
    await timed(1000);
    const [small, large] = [await timed(1000), await timed(250_000)];
    expect(large / small).toBeLessThan(5);
  });

  it.each(['data: ', ': ', ''])('is refused if an event that begins with "%s" never ends', async (begin) => {
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(begin);
      for (;;) yield Buffer.alloc((given += 64) && 64, 'x');
    }
    await expect(read(endless())).rejects.toMatchObject({ code: 'ai_unavailable' });
    expect(given).toBeLessThan(300_000);
  });

  it('is refused if there is no end of events', async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      const many = Buffer.from(event(1000).repeat(100));
      for (;;) {
        given += many.length;
        yield many;
      }
    }
    await expect(read(endless())).rejects.toMatchObject({ code: 'ai_unavailable' });
    expect(given).toBeLessThan(40_000_000);
  });
});
