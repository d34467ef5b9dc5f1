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
});
