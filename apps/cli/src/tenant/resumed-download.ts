import { createWriteStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { noAnswerFrom, problemOf } from '../control-plane/http-call';
import { CommandFailure } from '../failure';
import { type TenantSession } from './tenant-session';

/** How often a download continues without having received anything in between. */
const MAX_FAILURES = 5;
/** The calls that fail if the file cannot be written. A broken connection fails in others. */
const OF_FILES = ['open', 'write'];

export interface WantedArchive {
  readonly exportId: string;
  /** The size of the archive. */
  readonly bytes: number;
  readonly file: string;
}

/** Where a download is kept until it is complete. The name contains the export, so no other is continued. */
function partOf({ file, exportId }: WantedArchive): string {
  return `${file}.${exportId}.part`;
}

/**
 * Downloads an archive, and continues after each interruption, also one of an earlier call. `progress` is
 * told how many bytes have arrived.
 */
export async function download(
  session: TenantSession,
  wanted: WantedArchive,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (bytes: number) => void },
): Promise<void> {
  const part = partOf(wanted);
  for (let failures = 0, had = await sizeOf(part); had < wanted.bytes;) {
    progress(had);
    const error = await receive(session, wanted, had, signal).catch((reason: unknown) => reason);
    signal.throwIfAborted();
    const has = await sizeOf(part);
    failures = has > had ? 0 : failures + 1;
    had = has;
    if (error === undefined) continue;
    if (error instanceof CommandFailure) throw error;
    if (failures >= MAX_FAILURES) throw noAnswerFrom(session.addressOf('/'), error, undefined);
    await delay(500 * failures, undefined, { signal });
  }
  await requireSize(part, wanted.bytes);
  progress(wanted.bytes);
  await rename(part, wanted.file);
}

async function receive(
  session: TenantSession,
  wanted: WantedArchive,
  from: number,
  signal: AbortSignal,
): Promise<undefined> {
  const path = `/api/exports/${wanted.exportId}/download`;
  const headers = { ...session.headers, range: `bytes=${from}-`, 'if-range': `"${wanted.exportId}"` };
  const answer = await fetch(session.addressOf(path), { headers, redirect: 'manual', signal });
  if (!answer.ok || !answer.body) throw problemOf(`GET ${path}`, answer.status, await answer.text());
  // A plane that ignores the range sends the archive from its start.
  const flags = answer.status === 206 ? 'a' : 'w';
  const target = createWriteStream(partOf(wanted), { flags, mode: 0o600 });
  // After a failure, a write may still be under way. It must end before the next download appends.
  const closed = new Promise<void>((resolve) => target.once('close', resolve));
  try {
    await pipeline(Readable.fromWeb(answer.body), target, { signal });
  } catch (error) {
    const { syscall = '' } = error as NodeJS.ErrnoException;
    throw OF_FILES.includes(syscall) ? unwritable(wanted, error as Error) : error;
  } finally {
    await closed;
  }
}

function unwritable(wanted: WantedArchive, { message }: Error): CommandFailure {
  return new CommandFailure(`Cannot write ${partOf(wanted)}: ${message}`, {
    code: 'file_not_written',
    hint: `Then continue with --id ${wanted.exportId}.`,
  });
}

/** Two calls at once write the same file. */
async function requireSize(part: string, wanted: number): Promise<void> {
  const size = await sizeOf(part);
  if (size === wanted) return;
  throw new CommandFailure(`${part} has ${size} bytes, but the archive has ${wanted}.`, {
    code: 'download_damaged',
    hint: 'Delete it, and run the command again with --id. Do not run it twice at once.',
  });
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
