import { bodyOf } from '@atlas/web';
import { api } from '../api';

const PAGE = 200;

interface ChainReading {
  readonly signal: AbortSignal;
  readonly onCount: (entries: number) => void;
}

/** The whole hash chain, oldest entry first, one entry per line. */
export async function readChain({ signal, onCount }: ChainReading): Promise<Blob> {
  const lines: string[] = [];
  let cursor: number | undefined;
  do {
    const query = { limit: PAGE, cursor };
    const page = await bodyOf(api.GET('/api/audit/chain', { params: { query }, signal }));
    for (const entry of page.items) lines.push(`${JSON.stringify(entry)}\n`);
    onCount(lines.length);
    cursor = page.next_cursor === null ? undefined : Number(page.next_cursor);
  } while (cursor !== undefined);
  return new Blob(lines, { type: 'application/x-ndjson' });
}

/** Hands a file to the browser, which saves it. */
export function saveAs(name: string, file: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
