import { type IncomingMessage } from 'node:http';
import { PassThrough, type Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { outboundFailed, outboundTooLarge } from './outbound.errors';

const DECODERS: Readonly<Record<string, () => Transform>> = {
  identity: () => new PassThrough(),
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};
const WITHOUT_BODY = [204, 304];

interface Reading {
  readonly host: string;
  readonly method: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** Reads and decompresses a body. Stops as soon as it is too large, before or after decompression. */
export async function readBody(response: IncomingMessage, reading: Reading): Promise<Buffer> {
  const { host, method, maxBytes, signal } = reading;
  const isEmpty = method === 'HEAD' || WITHOUT_BODY.includes(response.statusCode ?? 0);
  const encoding = isEmpty ? 'identity' : (response.headers['content-encoding'] ?? 'identity').toLowerCase();
  const decoder = DECODERS[encoding];
  if (!decoder) {
    response.destroy();
    throw outboundFailed(host, 'the response is compressed in a way that Atlas does not support');
  }
  const chunks: Buffer[] = [];
  const limit = (source: Readable): AsyncGenerator<Buffer> => limited(source, host, maxBytes);
  await pipeline(
    response,
    limit,
    decoder(),
    limit,
    async (source: AsyncIterable<Buffer>) => {
      for await (const chunk of source) chunks.push(chunk);
    },
    { signal },
  );
  return Buffer.concat(chunks);
}

/**
 * Yields a body as it arrives. Stops as soon as it is too large. It must not be compressed, because a
 * compressed body may be held back.
 */
export async function* bodyParts(
  response: IncomingMessage,
  { host, maxBytes }: Pick<Reading, 'host' | 'maxBytes'>,
): AsyncGenerator<Buffer> {
  const encoding = (response.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding !== 'identity') {
    response.destroy();
    throw outboundFailed(host, 'the response is compressed although it must not be');
  }
  yield* limited(response, host, maxBytes);
}

async function* limited(
  source: AsyncIterable<Buffer>,
  host: string,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw outboundTooLarge(host, `it has more than ${maxBytes} bytes`);
    yield chunk;
  }
}
