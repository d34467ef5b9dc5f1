import { EventEmitter } from 'node:events';
import { atlasWith } from '../../test/program.fixture';
import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { StubApi } from '../../test/stub-api.fixture';
import { runCommandLine } from '../command-line';
import { type DriftView } from '../control-plane/views';
import { DRIFTS } from './drifts.command';
import { REAL_SURROUNDINGS, asCommand } from './operator-command';
import { RECONCILE } from './reconcile.command';

const AT = '2026-01-01T00:00:00.000Z';
const DRIFT: DriftView = {
  id: 'drift-1',
  kind: 'database_missing',
  subject: { kind: 'infrastructure', id: 'plane-1' },
  detail: 'Restore it.',
  first_seen_at: AT,
  last_seen_at: AT,
  resolved_at: null,
  repaired: false,
};
const LOOK = { looked_at: 7, found: 2, repaired: 1, gone: 0, not_looked_at: [] };

describe('drifts', () => {
  let api: StubApi;
  let terminal: RecordingTerminal;
  let interruptAfter = 0;
  const signals = new EventEmitter();
  beforeAll(async () => (api = await StubApi.start()));
  beforeEach(() => {
    terminal = new RecordingTerminal();
    interruptAfter = 0;
    const page = { body: { items: [DRIFT], next_cursor: null } };
    const mended = { ...DRIFT, kind: 'count_differs', resolved_at: AT, repaired: true };
    api.answers = {
      'GET /api/drifts?limit=200&resolved=false': [page],
      'GET /api/drifts?limit=200': [{ body: { items: [DRIFT, mended], next_cursor: null } }],
    };
  });
  afterAll(() => api.stop());

  const atlas = (...words: string[]): Promise<number> => {
    const env = { ATLAS_URL: api.url, ATLAS_API_KEY: 'aok_key' };
    const pause = (_: number, signal: AbortSignal): Promise<void> => {
      if ((interruptAfter -= 1) === 0) signals.emit('SIGINT');
      return Promise.resolve(signal.throwIfAborted());
    };
    const surroundings = { ...REAL_SURROUNDINGS, env, signals, pause };
    const commands = [DRIFTS, RECONCILE].map((command) => asCommand(command, terminal, surroundings));
    return runCommandLine(words, atlasWith(...commands), terminal);
  };

  it('are listed with instructions, and resolved drifts are listed only with --all', async () => {
    expect(await atlas('drifts')).toBe(0);
    expect(terminal.written).toMatch(/^KIND .*\ndatabase_missing  2026-\S+  Restore it\.\n$/);
    terminal.written = '';
    expect(await atlas('drifts', '--all')).toBe(0);
    expect(terminal.written).toMatch(/count_differs +2026-\S+ +2026-\S+ +by Atlas/);
  });

  it('are found and repaired by reconcile, which lists those that remain', async () => {
    api.answers['POST /api/reconcile'] = [{ body: LOOK }];
    expect(await atlas('reconcile')).toBe(0);
    expect(terminal.written).toMatch(/^Compared 7: 2 found, 1 repaired, 0 disappeared\.\nKIND/);
  });

  describe('of many tenants', () => {
    const PASS = {
      ...LOOK,
      id: 'pass-1',
      status: 'running',
      started_at: AT,
      finished_at: null,
      expected: 90,
      looked_at: 0,
    };
    const FINISHED = { ...PASS, status: 'finished', finished_at: AT, looked_at: 91 };
    beforeEach(() => {
      api.answers['POST /api/reconcile'] = [{ status: 202, body: PASS }];
      const progress = [PASS, { ...PASS, looked_at: 40 }, FINISHED].map((pass) => ({ body: { pass } }));
      api.answers['GET /api/reconcile'] = progress;
    });

    it('are found by a pass whose progress reconcile shows until it has finished', async () => {
      expect(await atlas('reconcile')).toBe(0);
      expect(terminal.complaints).toBe('Compared 40 of about 90.\nCompared 91 of about 90.\n');
      expect(terminal.written).toMatch(/^Compared 91: 2 found, 1 repaired/);
      terminal.written = '';
      expect(await atlas('reconcile', '--json')).toBe(0);
      expect(terminal.written).toBe(`${JSON.stringify(FINISHED)}\n`);
    });

    it('are found by a pass that the next one may already have replaced', async () => {
      api.answers['GET /api/reconcile'] = [{ body: { pass: { ...PASS, id: 'pass-2' } } }];
      expect(await atlas('reconcile')).toBe(0);
      expect(terminal.written).toMatch(/^Compared 0: /);
    });

    it('are found also if Ctrl-C ends the display', async () => {
      api.answers['GET /api/reconcile'] = [{ body: { pass: PASS } }];
      interruptAfter = 2;
      expect(await atlas('reconcile')).toBe(130);
      expect(terminal.complaints).toContain('The comparison continues. Watch it again: atlas reconcile');
      expect(signals.listenerCount('SIGINT')).toBe(0);
    });
  });

  it('are written as JSON, one object per line', async () => {
    api.answers['POST /api/reconcile'] = [{ body: LOOK }];
    await atlas('reconcile', '--json');
    await atlas('drifts', '--json');
    expect(terminal.written).toBe(`${JSON.stringify(LOOK)}\n${JSON.stringify(DRIFT)}\n`);
  });

  it('may go undetected if something cannot be checked, so reconcile fails', async () => {
    api.answers['POST /api/reconcile'] = [{ body: { ...LOOK, not_looked_at: ['infrastructure'] } }];
    expect(await atlas('reconcile')).toBe(1);
  });
});
