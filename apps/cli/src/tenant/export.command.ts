import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Json } from '@atlas/platform';
import { type ExportView } from '@atlas/tenant-api/exports';
import { type Command, type Terminal } from '../command';
import { CommandFailure, EXIT } from '../failure';
import { note } from '../operator/note';
import { type Given } from '../options';
import { GROUP } from './data-group';
import { interruptible } from './interruptible';
import { download } from './resumed-download';
import { JSON_OPTION, SESSION_OPTIONS, TenantSession } from './tenant-session';
import { waitFor } from './wait-for';

export class ExportCommand implements Command {
  readonly name = 'export';
  readonly group = GROUP;
  readonly summary = "Download all of a tenant's data as an archive";
  readonly about = `Exports all of a tenant's data, waits until the archive is ready, and downloads it. If the
download was interrupted, run the command again with --id to continue it.`;
  readonly options = [
    ...SESSION_OPTIONS,
    { name: 'out', value: '<file>', text: 'save it to this file', default: 'atlas-export-<id>.tar.gz' },
    { name: 'id', value: '<id>', text: 'download this export instead of starting another' },
    JSON_OPTION,
  ];
  readonly examples = [
    'export --url https://acme.tenants.example.com --session-file session',
    'export --url https://acme.tenants.example.com --session-file session --out acme.tar.gz --id <id>',
  ];
  readonly notes = 'The archive can be downloaded for seven days.';

  constructor(private readonly terminal: Terminal) {}

  run({ values, isJson }: Given): Promise<number> {
    const session = TenantSession.from({ values, isJson }, this.terminal);
    const out = values['out'] === undefined ? undefined : freeFile(String(values['out']));
    const told = { terminal: this.terminal, isJson };
    return interruptible(async (signal) => {
      const id = values['id'] === undefined ? (await begin(session, signal)).id : String(values['id']);
      const file = out ?? freeFile(`atlas-export-${id}.tar.gz`);
      note(told, `Export ${id}. To continue after an interruption: --id ${id}`);
      const view = await waitFor<Json<ExportView>>(session, `/api/exports/${id}`, signal);
      const bytes = view.size_bytes ?? 0;
      let shown = -1;
      const progress = (has: number): void => {
        const percent = Math.floor((100 * has) / bytes);
        if (percent !== shown) note(told, `Downloaded ${(shown = percent)} % of ${bytes} bytes`);
      };
      await download(session, { exportId: id, bytes, file }, { signal, progress });
      const { rows } = view;
      const text = `Saved ${rows} rows (${bytes} bytes) to ${file}\n`;
      this.terminal.out(isJson ? `${JSON.stringify({ id, rows, size_bytes: bytes, file })}\n` : text);
      return EXIT.done;
    });
  }
}

/** Refuses a file that already exists, before the export starts. */
function freeFile(name: string): string {
  const file = resolve(name);
  if (!existsSync(file)) return file;
  throw new CommandFailure(`${file} already exists.`, {
    code: 'file_exists',
    hint: 'Choose another file with --out.',
  });
}

function begin(session: TenantSession, signal: AbortSignal): Promise<Json<ExportView>> {
  return session.call('POST', '/api/exports', signal);
}
