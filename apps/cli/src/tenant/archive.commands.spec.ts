import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { eventually } from '@atlas/testing';
import { atlasWith } from '../../test/program.fixture';
import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { runCommandLine } from '../command-line';
import { ExportCommand } from './export.command';
import { ImportCommand } from './import.command';

const TOKEN = 'atu_01890000-0000-7000-8000-000000000001_secret-of-the-session';
const ARCHIVE = randomBytes(300_000);
const READY = { id: 'e1', status: 'ready', failure: null, size_bytes: ARCHIVE.length, rows: 7 };

/** A tenant plane that breaks off downloads. */
class BreakingPlane {
  readonly calls: string[] = [];
  readonly ranges: (string | undefined)[] = [];
  received = Buffer.alloc(0);
  view: object = READY;
  refusal?: { readonly status: number; readonly body: object };
  /** Where the client keeps what has arrived. */
  part = '';
  /** How many bytes each download sends before the connection breaks. */
  breaksAfter: number[] = [];
  private readonly server: Server = createServer((request, response) => void this.answer(request, response));

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.calls.push(`${request.method} ${request.url}`);
    expect(request.headers.authorization).toBe(`Bearer ${TOKEN}`);
    if (request.url?.endsWith('/download')) return await this.download(request, response);
    if (request.method === 'POST') this.received = await buffer(request);
    const { status, body } = this.refusal ?? {
      status: request.method === 'POST' ? 202 : 200,
      body: request.method === 'POST' ? { id: 'e1', status: 'running' } : this.view,
    };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  private async download(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.ranges.push(request.headers.range);
    const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0]);
    const rest = ARCHIVE.subarray(from);
    response.writeHead(206, { 'content-length': rest.length });
    const limit = this.breaksAfter.shift();
    if (limit === undefined) return void response.end(rest);
    response.write(rest.subarray(0, limit));
    // What has arrived at a client, but not in its file, is lost when the connection breaks.
    const hasArrived = (): boolean => sizeOf(this.part) >= from + limit;
    await eventually(hasArrived, { what: `${from + limit} bytes have arrived` });
    response.destroy();
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

describe('atlas-tp', () => {
  let folder: string;
  let plane: BreakingPlane;
  let url: string;
  let terminal: RecordingTerminal;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'atlas-archive-'));
    writeFileSync(join(folder, 'session'), `${TOKEN}\n`);
    plane = new BreakingPlane();
    plane.part = join(folder, 'a.tar.gz.e1.part');
    url = await plane.start();
    terminal = new RecordingTerminal();
  });
  afterEach(() => {
    plane.stop();
    rmSync(folder, { recursive: true });
  });

  const at = (name: string): string => join(folder, name);
  const run = (...words: string[]): Promise<number> => {
    const program = atlasWith(new ExportCommand(terminal), new ImportCommand(terminal));
    const options = ['--url', url, '--session-file', at('session')];
    return runCommandLine([...words, ...options], program, terminal);
  };
  const saysNoSecret = (): void => expect(terminal.written + terminal.complaints).not.toContain('secret-of');

  describe('export', () => {
    it('continues an interrupted download until the archive is complete', async () => {
      plane.breaksAfter = [100_000, 1, ...Array.from({ length: 20 }, () => 8000)];
      expect(await run('export', '--out', at('a.tar.gz'))).toBe(0);
      expect(readFileSync(at('a.tar.gz')).equals(ARCHIVE)).toBe(true);
      expect(plane.ranges[0]).toBe('bytes=0-');
      expect(plane.ranges.length).toBeGreaterThan(2);
      expect(terminal.written).toContain('Saved 7 rows');
      expect(readdirSync(folder).sort()).toEqual(['a.tar.gz', 'session']);
      saysNoSecret();
    }, 30_000);

    it('continues the download of an earlier call', async () => {
      writeFileSync(at('a.tar.gz.e1.part'), ARCHIVE.subarray(0, 1234));
      expect(await run('export', '--id', 'e1', '--json', '--out', at('a.tar.gz'))).toBe(0);
      expect(plane.ranges).toEqual(['bytes=1234-']);
      expect(plane.calls).not.toContain('POST /api/exports');
      const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
      expect(digest(readFileSync(at('a.tar.gz')))).toBe(digest(ARCHIVE));
      expect(JSON.parse(terminal.written)).toMatchObject({ id: 'e1', rows: 7, size_bytes: ARCHIVE.length });
      saysNoSecret();
    });

    it('gives up if nothing arrives, and keeps what has arrived', async () => {
      plane.breaksAfter = [1000, ...Array.from({ length: 9 }, () => 0)];
      expect(await run('export', '--out', at('a.tar.gz'))).toBe(3);
      expect(readFileSync(at('a.tar.gz.e1.part')).length).toBeLessThan(ARCHIVE.length);
      expect(terminal.complaints).toContain('--id e1');
      saysNoSecret();
    }, 20_000);

    it('overwrites no file', async () => {
      writeFileSync(at('a.tar.gz'), 'mine');
      expect(await run('export', '--out', at('a.tar.gz'))).toBe(1);
      expect(readFileSync(at('a.tar.gz'), 'utf8')).toBe('mine');
      expect(plane.calls).toEqual([]);
    });

    it.each([
      ['because its folder does not exist', 'nowhere/a.tar.gz', 'nowhere'],
      ['because the disk is full', 'full', 'ENOSPC'],
    ])('says at once that it cannot write the file %s', async (_, out, reason) => {
      symlinkSync('/dev/full', at('full.e1.part'));
      expect(await run('export', '--out', at(out))).toBe(1);
      expect(terminal.complaints).toMatch(new RegExp(`Cannot write .*${reason}.*--id e1`, 's'));
      expect(plane.ranges).toHaveLength(1);
    });

    it('takes no more bytes than there are for the archive, as two calls at once write them', async () => {
      writeFileSync(at('a.tar.gz.e1.part'), Buffer.alloc(ARCHIVE.length + 1));
      expect(await run('export', '--id', 'e1', '--out', at('a.tar.gz'))).toBe(1);
      expect(terminal.complaints).toMatch(/a\.tar\.gz\.e1\.part has .* bytes.*Delete it/s);
      expect(readdirSync(folder)).not.toContain('a.tar.gz');
    });

    it("shows the plane's reason if the export has failed", async () => {
      plane.view = { ...READY, status: 'failed', failure: { code: 'interrupted', detail: 'It stopped.' } };
      expect(await run('export', '--json', '--out', at('a.tar.gz'))).toBe(1);
      expect(terminal.complaints).toContain('"code":"interrupted"');
    });
  });

  describe('import', () => {
    it('uploads the archive, and waits until it is imported', async () => {
      writeFileSync(at('a.tar.gz'), ARCHIVE);
      plane.view = {
        id: 'e1',
        status: 'ready',
        failure: null,
        summary: { rows: { incidents: 5, users: 2 } },
      };
      expect(await run('import', at('a.tar.gz'))).toBe(0);
      expect(plane.received.equals(ARCHIVE)).toBe(true);
      expect(terminal.written).toBe('Imported 7 rows.\n');
      saysNoSecret();
    });

    it.each([
      ['refused', { status: 409, body: { code: 'tenant_not_empty', detail: 'It has data.' } }],
      ['not for this user', { status: 403, body: { code: 'forbidden', detail: 'Not yours.' } }],
    ])("shows the plane's reason if it is %s", async (_, refusal) => {
      writeFileSync(at('a.tar.gz'), ARCHIVE);
      plane.refusal = refusal;
      expect(await run('import', at('a.tar.gz'))).toBe(refusal.status === 403 ? 3 : 1);
      expect(terminal.complaints).toContain(refusal.body.detail);
      saysNoSecret();
    });

    it.each(['nothing', '.'])('says that %s is no file that can be read', async (name) => {
      expect(await run('import', at(name))).toBe(2);
      expect(terminal.complaints).toContain('Cannot read the archive');
      expect(plane.calls).toEqual([]);
    });
  });

  it.each([
    ['a file without a session', 'no token', undefined],
    ['an address that would send the session unencrypted', TOKEN, 'http://acme.example.com'],
  ])('refuses %s', async (_, content, other) => {
    writeFileSync(at('session'), content);
    url = other ?? url;
    expect(await run('export')).toBe(2);
    expect(plane.calls).toEqual([]);
    saysNoSecret();
  });
});
