import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { copyOut } from '@atlas/persistence';
import { type Client } from 'pg';

const BLOCK_BYTES = 2_097_152;
const MAX_PENDING = 3;
const PACKING = { chunkSize: 1_048_576 };
const pack = promisify(gzip);

/**
 * Runs `COPY (<select>) TO STDOUT`, and compresses it as an export compresses its rows: in gzip members of
 * two mebibytes, three at a time. Returns the sizes before and after compression. The result is discarded.
 */
export async function compressedCopy(
  client: Client,
  select: string,
): Promise<{ readonly bytes: number; readonly packed: number }> {
  let [block, blockBytes, bytes, packed] = [<Buffer[]>[], 0, 0, 0];
  const pending: Promise<void>[] = [];
  const put = async (): Promise<void> => {
    if (pending.length === MAX_PENDING) await pending.shift();
    const content = Buffer.concat(block);
    [block, blockBytes] = [[], 0];
    pending.push(pack(content, PACKING).then(({ length }) => void (packed += length)));
  };
  for await (const rows of copyOut(client, select)) {
    block.push(rows);
    [blockBytes, bytes] = [blockBytes + rows.length, bytes + rows.length];
    if (blockBytes >= BLOCK_BYTES) await put();
  }
  await put();
  await Promise.all(pending);
  return { bytes, packed };
}
