import { open } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type Json } from '@atlas/platform';
import { ARCHIVE_TYPE, type ImportView } from '@atlas/tenant-api/exports';
import { type Command, type Terminal } from '../command';
import { noAnswerFrom, problemOf } from '../control-plane/http-call';
import { EXIT, UsageError } from '../failure';
import { note } from '../operator/note';
import { type Given } from '../options';
import { GROUP } from './data-group';
import { interruptible } from './interruptible';
import { JSON_OPTION, SESSION_OPTIONS, TenantSession } from './tenant-session';
import { waitFor } from './wait-for';

const PATH = '/api/imports';

export class ImportCommand implements Command {
  readonly name = 'import';
  readonly group = GROUP;
  readonly summary = 'Import an archive into a tenant without operational data';
  readonly about = `Uploads an archive that "atlas-tp export" has downloaded, and waits until it is imported.
The tenant plane verifies all of it, or keeps nothing.`;
  readonly operand = { name: 'file', text: 'the archive' };
  readonly options = [...SESSION_OPTIONS, JSON_OPTION];
  readonly examples = ['import acme.tar.gz --url https://acme.tenants.example.com --session-file session'];

  constructor(private readonly terminal: Terminal) {}

  run({ values, operand, isJson }: Given): Promise<number> {
    const session = TenantSession.from({ values, isJson }, this.terminal);
    return interruptible(async (signal) => {
      const { id } = await upload(session, operand, signal);
      note({ terminal: this.terminal, isJson }, `The archive has arrived. Import ${id} is running.`);
      const view = await waitFor<Json<ImportView>>(session, `${PATH}/${id}`, signal);
      const rows = Object.values(view.summary?.rows ?? {}).reduce((sum, count) => sum + count, 0);
      this.terminal.out(isJson ? `${JSON.stringify(view)}\n` : `Imported ${rows} rows.\n`);
      return EXIT.done;
    });
  }
}

/** Not with `fetch`, which gives up if a large upload takes longer than five minutes. */
async function upload(session: TenantSession, file: string, signal: AbortSignal): Promise<Json<ImportView>> {
  const archive = await open(file).catch((error: Error) => {
    throw unreadable(error.message);
  });
  const stats = await archive.stat();
  if (!stats.isFile()) {
    await archive.close();
    throw unreadable(`${file} is not a file.`);
  }
  const url = session.addressOf(PATH);
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const headers = { ...session.headers, 'content-type': ARCHIVE_TYPE, 'content-length': stats.size };
  const request = send(url, { method: 'POST', headers, signal });
  const answered = new Promise<{ readonly status: number; readonly body: string }>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
  });
  // A refusal may arrive before the whole archive was sent, which then cannot be sent anymore.
  pipeline(archive.createReadStream(), request).catch(() => undefined);
  const { status, body } = await answered.catch((error: unknown) => {
    signal.throwIfAborted();
    throw noAnswerFrom(url, error, undefined);
  });
  if (status !== 202) throw problemOf(`POST ${PATH}`, status, body);
  return JSON.parse(body) as Json<ImportView>;
}

function unreadable(reason: string): UsageError {
  return new UsageError(`Cannot read the archive: ${reason}`);
}
