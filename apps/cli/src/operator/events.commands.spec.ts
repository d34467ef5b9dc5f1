import { atlasWith } from '../../test/program.fixture';
import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { StubApi } from '../../test/stub-api.fixture';
import { runCommandLine } from '../command-line';
import { operatorCommands } from './commands';
import { EVENT_DELIVERIES, EVENT_SUBSCRIPTIONS, EVENT_TEST } from './events.commands';
import { REAL_SURROUNDINGS, asCommand } from './operator-command';

const AT = '2030-01-01T00:00:00.000Z';
const ID = '01b00000-0000-7000-8000-000000000001';
const DELIVERIES = `GET /api/event-subscriptions/${ID}/deliveries`;

const delivery = (changes: object = {}) => ({
  id: '01b00000-0000-7000-8000-000000000002',
  event_id: 'event-1',
  type: 'test',
  subject: 'test:event-1',
  status: 'waiting',
  attempts: 0,
  created_at: AT,
  next_attempt_at: AT,
  finished_at: null,
  last_answer: null,
  ...changes,
});
const answer = (changes: object) => ({
  at: AT,
  status: null,
  body: null,
  error: null,
  took_ms: 3,
  ...changes,
});
const page = (...items: object[]) => ({ body: { items, next_cursor: null } });

describe('atlas events', () => {
  let api: StubApi;
  let terminal: RecordingTerminal;
  beforeAll(async () => (api = await StubApi.start()));
  beforeEach(() => {
    terminal = new RecordingTerminal();
    api.calls.length = 0;
  });
  afterAll(() => api.stop());

  const atlas = (...words: string[]): Promise<number> => {
    const env = { ATLAS_URL: api.url, ATLAS_API_KEY: 'aok_key' };
    const surroundings = { ...REAL_SURROUNDINGS, env, pause: () => Promise.resolve() };
    const commands = [EVENT_SUBSCRIPTIONS, EVENT_DELIVERIES, EVENT_TEST];
    const own = commands.map((command) => asCommand(command, terminal, surroundings));
    return runCommandLine(words, atlasWith(...own), terminal);
  };

  it('are among the commands', () => {
    const names = operatorCommands(terminal).map(({ name }) => name);
    const events = ['list', 'add', 'remove', 'test', 'deliveries'].map((name) => `events ${name}`);
    expect(names).toEqual(expect.arrayContaining(events));
  });

  it('list the subscriptions', async () => {
    const row = { id: ID, url: 'https://hooks.example/', events: ['job.failed', 'drift.found'], skipped: 2 };
    const rest = { description: 'Chat', disabled_at: null, created_at: AT, skipped_at: AT, waiting: 1 };
    api.answers = { 'GET /api/event-subscriptions?limit=200': [page({ ...row, ...rest })] };
    expect(await atlas('events', 'list')).toBe(0);
    expect(terminal.written.split('\n')[1]).toMatch(/^01b0\S+ +on +1 +2 +job\.failed drift\.found +https:/);
  });

  it('list the deliveries with the last answers', async () => {
    const failed = answer({ status: 500, error: 'The receiver answered with status 500.' });
    const filtered = `${DELIVERIES}?limit=200&status=waiting`;
    api.answers = { [filtered]: [page(delivery({ attempts: 2, last_answer: failed }))] };
    expect(await atlas('events', 'deliveries', ID, '--status', 'waiting')).toBe(0);
    expect(terminal.written).toContain('The receiver answered with status 500.');
  });

  const tested = (...deliveries: object[]) => {
    api.answers = {
      [`POST /api/event-subscriptions/${ID}/test`]: [{ status: 202, body: { delivery: delivery() } }],
      [`${DELIVERIES}?limit=200`]: deliveries.map((one) => page(one)),
    };
  };

  it('send a test event and wait for the answer', async () => {
    const delivered = { status: 'delivered', attempts: 1, last_answer: answer({ status: 204 }) };
    tested(delivery(), delivery(delivered));
    expect(await atlas('events', 'test', ID)).toBe(0);
    expect(terminal.written).toBe('Delivered. The receiver answered 204.\n');
  });

  it('say why a test event was not accepted', async () => {
    const error = 'hooks.example did not respond in full within 10 s.';
    tested(delivery({ attempts: 1, last_answer: answer({ error }) }));
    expect(await atlas('events', 'test', ID)).toBe(1);
    expect(terminal.complaints).toContain(error);
  });
});
