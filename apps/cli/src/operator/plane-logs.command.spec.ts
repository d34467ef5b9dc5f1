import { EventEmitter } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atlasWith } from '../../test/program.fixture';
import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { StubApi } from '../../test/stub-api.fixture';
import { tenantView } from '../../test/views.fixture';
import { runCommandLine } from '../command-line';
import { type TenantView } from '../control-plane/views';
import { EXIT } from '../failure';
import { REAL_SURROUNDINGS, type Surroundings, asCommand } from './operator-command';
import { PLANE_LOGS } from './plane-logs.command';

const CELL = '01a210e2-8123-7d3a-8795-a7a5f3cd6203';
const OWN = '01a210e2-8123-7d3a-8795-a7a5f3cd6299';

describe('plane-logs', () => {
  const directory = mkdtempSync(join(tmpdir(), 'atlas-plane-logs-'));
  const cellLog = join(directory, 'data/logs/tenant-plane.log');
  const ownLog = join(directory, 'data/dedicated-postgres/atlas_big_co_f3cd6299/tenant-plane.log');
  const pooledLog = join(directory, 'data/dedicated-postgres/atlas_warm_f3cd6300/tenant-plane.log');
  let api: StubApi;
  let terminal: RecordingTerminal;

  beforeAll(async () => {
    api = await StubApi.start();
    for (const file of [cellLog, ownLog, pooledLog]) mkdirSync(join(file, '..'), { recursive: true });
    const stack = {
      control_plane: { url: api.url, api_key: 'aok_x' },
      tenant_plane: { tenant_plane_id: CELL },
    };
    writeFileSync(join(directory, 'data/dev-stack.json'), JSON.stringify(stack));
    writeFileSync(cellLog, 'cell 1\ncell 2\ncell 3\n');
    writeFileSync(ownLog, 'own\n');
    writeFileSync(pooledLog, 'pooled\n');
  });
  beforeEach(() => (terminal = new RecordingTerminal()));
  afterAll(() => {
    api.stop();
    rmSync(directory, { recursive: true });
  });

  const atlas = (
    tenant: Partial<TenantView>,
    words: readonly string[] = [],
    given: Partial<Surroundings> = {},
  ): Promise<number> => {
    api.answers = { 'GET /api/tenants/acme': [{ body: tenantView(tenant) }] };
    const surroundings = { ...REAL_SURROUNDINGS, env: {}, directory, ...given };
    const program = atlasWith(asCommand(PLANE_LOGS, terminal, surroundings));
    return runCommandLine(['plane-logs', 'acme', ...words], program, terminal);
  };
  const SHARED = { tenant_plane_id: CELL };

  it("shows the last log lines of the local stack's cell", async () => {
    expect(await atlas(SHARED, ['--lines', '2'])).toBe(EXIT.done);
    expect(terminal.written).toBe('cell 2\ncell 3\n');
  });

  it("shows the log of a dedicated tenant's own plane", async () => {
    expect(await atlas({ slug: 'big-co', deployment_model: 'dedicated', tenant_plane_id: OWN })).toBe(
      EXIT.done,
    );
    expect(terminal.written).toBe('own\n');
  });

  it('shows the log of a plane that a dedicated tenant has taken from the warm pool', async () => {
    const plane = `${OWN.slice(0, -8)}f3cd6300`;
    const tenant = { slug: 'big-co', deployment_model: 'dedicated', tenant_plane_id: plane } as const;
    expect(await atlas(tenant)).toBe(EXIT.done);
    expect(terminal.written).toBe('pooled\n');
  });

  it('follows a log until Ctrl-C', async () => {
    const signals = new EventEmitter();
    let looks = 0;
    const pause = async (_: number, signal: AbortSignal): Promise<void> => {
      if (looks++ === 0) appendFileSync(cellLog, 'cell 4\n');
      else signals.emit('SIGINT');
      signal.throwIfAborted();
    };
    expect(await atlas(SHARED, ['--follow', '--lines', '1'], { signals, pause })).toBe(EXIT.interrupted);
    expect(terminal.written).toBe('cell 3\ncell 4\n');
    expect(signals.listenerCount('SIGINT')).toBe(0);
  });

  it.each<[string, Partial<TenantView>, RegExp]>([
    [
      'on_prem',
      { deployment_model: 'on_prem', tenant_plane_id: OWN },
      /the customer runs its plane.*\n.*atlas-tp run/,
    ],
    ['hybrid', { deployment_model: 'hybrid', tenant_plane_id: OWN }, /the customer runs its plane/],
    [
      'on another cell',
      { tenant_plane_id: OWN, endpoint_url: 'https://eu-1' },
      /elsewhere.*\n.*https:\/\/eu-1/,
    ],
    [
      'dedicated and created by another driver',
      { deployment_model: 'dedicated', tenant_plane_id: OWN },
      /runs elsewhere/,
    ],
    ['deleted', { status: 'deleted' }, /\(deleted\) has no tenant plane/],
  ])('says why it cannot show the log of a tenant that is %s', async (_, tenant, text) => {
    expect(await atlas(tenant)).toBe(EXIT.failed);
    expect(terminal.complaints).toMatch(text);
  });

  it('fails if given only a Control Plane address, and says to run it where the planes run', async () => {
    const env = { ATLAS_URL: 'https://control.atlas.example', ATLAS_API_KEY: 'aok_x' };
    expect(await atlas(SHARED, [], { env })).toBe(EXIT.failed);
    expect(terminal.complaints).toMatch(/https:\/\/control\.atlas\.example.*\nRun it where the planes run/);
    expect(await atlas(SHARED, ['--data-dir', 'data'], { env })).toBe(EXIT.done);
  });
});
