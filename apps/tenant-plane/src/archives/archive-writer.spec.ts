import { setImmediate } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { ArchiveReader } from './archive-reader';
import { ArchiveWriter } from './archive-writer';
import { byteRange } from './byte-range';
import { type Lines } from './exported-rows';
import { parseTarHeader, tarHeader } from './tar-format';
import { TarReader } from './tar-reader';

const ORIGIN = {
  exported_at: '2030-01-01T00:00:00.000Z',
  product_version: '1',
  tenant: { id: 't', slug: 'acme', name: 'Acme' },
};

async function* pages(...sizes: number[]): AsyncGenerator<Lines> {
  for (const size of sizes) yield { rows: 1, bytes: Buffer.from(`"${'x'.repeat(size - 3)}"\n`) };
}

describe('an archive', () => {
  it('has the header of a large table before its content, and small tables in one part', async () => {
    const parts = new Map<number, Buffer>();
    const writer = new ArchiveWriter(async (number, content) => void parts.set(number, content), ORIGIN);
    await writer.add('one', [], pages(10));
    await writer.add('two', [], pages());
    await writer.add('large', [], pages(700_000, 700_000, 512, 1_100_000, 5));
    await writer.add('exact', [], pages(1_048_576));
    await writer.add('last', [], pages(20));
    const { bytes, rows } = await writer.finish();
    const numbers = [...parts.keys()].sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, at) => at));
    const whole = Buffer.concat(numbers.map((number) => parts.get(number) ?? Buffer.alloc(0)));
    expect([bytes, rows]).toEqual([whole.length, 8]);
    const found: [string, number][] = [];
    const source = [gunzipSync(whole)].values();
    for await (const { name, size } of new TarReader(asyncOf(source)).files()) found.push([name, size]);
    expect(found.slice(1)).toEqual([
      ['one.ndjson', 10],
      ['two.ndjson', 0],
      ['large.ndjson', 2_500_517],
      ['exact.ndjson', 1_048_576],
      ['last.ndjson', 20],
    ]);
  });

  it('is stored one part at a time, and no further once a part cannot be stored', async () => {
    let [tried, isStoring, overlaps] = [0, false, 0];
    const store = async (): Promise<void> => {
      if (isStoring) overlaps += 1;
      isStoring = true;
      await setImmediate();
      isStoring = false;
      if ((tried += 1) === 3) throw new Error('disk full');
    };
    const writer = new ArchiveWriter(store, ORIGIN);
    const large = Array.from({ length: 8 }, () => 2_200_000);
    const written = writer.add('large', [], pages(...large)).then(() => writer.finish());
    await expect(written).rejects.toThrow('disk full');
    expect([tried, overlaps]).toEqual([3, 0]);
  });

  it('is refused without rows in its manifest', async () => {
    const manifest = Buffer.from('{"format":"atlas-tenant-export","version":1}');
    const block = Buffer.concat([
      tarHeader({ name: 'manifest.json', size: manifest.length }, new Date(0)),
      manifest,
    ]);
    const opened = ArchiveReader.open(asyncOf([block].values()), []);
    await expect(opened).rejects.toMatchObject({ code: 'archive_damaged' });
  });
});

async function* asyncOf(buffers: Iterable<Buffer>): AsyncGenerator<Buffer> {
  yield* buffers;
}

describe('a tar header', () => {
  it.each([0, 1, 511, 8 ** 11 - 1, 8 ** 11, 2 ** 40])('states the size %d', (size) => {
    const block = tarHeader({ name: 'incidents.ndjson', size }, new Date());
    expect(parseTarHeader(block)).toEqual({ name: 'incidents.ndjson', size });
  });

  it.each([
    ['damaged', 0, 'x'],
    ['of a link', 156, '2'],
    ['of a folder', 156, '5'],
    ['of a file with a long name', 345, 'x'],
  ])('is refused if it is %s', (_, at, text) => {
    const block = tarHeader({ name: 'incidents.ndjson', size: 1 }, new Date());
    block.write(text, at, 'ascii');
    expect(() => parseTarHeader(block)).toThrow();
  });
});

describe('a range', () => {
  it.each<[string | undefined, object | null]>([
    [undefined, null],
    ['bytes=0-', { from: 0, to: 99 }],
    ['bytes=10-19', { from: 10, to: 19 }],
    ['bytes=90-1000', { from: 90, to: 99 }],
    ['bytes=-10', { from: 90, to: 99 }],
    ['bytes=-1000', { from: 0, to: 99 }],
    ['bytes=9-3', null],
    ['bytes=0-1,3-4', null],
    ['items=0-1', null],
  ])('of 100 bytes, requested as %s, is %j', (header, range) => {
    expect(byteRange(header, 100)).toEqual(range);
  });

  it.each(['bytes=100-', 'bytes=500-600', 'bytes=-0'])('cannot be %s', (header) => {
    expect(() => byteRange(header, 100)).toThrow(expect.objectContaining({ kind: 'unsatisfiable' }));
  });
});
