import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { jobView, stepView } from '../../test/views.fixture';
import { JsonDisplay, LiveDisplay, PlainDisplay } from './job-display';

const now = (): number => Date.parse('2026-01-01T00:01:05.000Z');
const started = { finished_at: null };
const PENDING = stepView({ name: 'activate', status: 'pending', attempt: 0, started_at: null, ...started });
const RUNNING = { ...stepView({ name: 'activate', status: 'running' }), ...started } as const;
const WAITING = { ...RUNNING, status: 'waiting', waiting_for: 'the report of the tenant plane' } as const;
const error = {
  code: 'apply_failed',
  detail: 'the disk\u001b[2J is full',
  class: 'retry',
  fix: 'Wait.',
} as const;
const AGAIN = { ...RUNNING, status: 'waiting', attempt: 2, error } as const;
const JOB = jobView({ steps: [stepView(), PENDING] });

describe(PlainDisplay.name, () => {
  it('writes a line per change, with the duration and why the step waits or failed', () => {
    const terminal = new RecordingTerminal();
    const display = new PlainDisplay(terminal, now);
    display.begin('provision acme', JOB);
    for (const step of [...JOB.steps, RUNNING, WAITING, AGAIN]) display.step(step);
    display.step({ ...RUNNING, status: 'failed', attempt: 6, error });
    display.dropped('There is no answer');
    expect(terminal.written.split('\n')).toEqual([
      'provision acme (job job-1)',
      '  ✓ reserve-place  done     0 ms',
      '  … activate       running  1 min 5 s',
      '  … activate       waiting  1 min 5 s  waits for the report of the tenant plane',
      '  … activate       waiting  1 min 5 s  attempt 2  will retry  apply_failed: the disk [2J is full',
      '  ✗ activate       failed   attempt 6  apply_failed: the disk [2J is full',
      '  There is no answer; trying again.',
      '',
    ]);
  });
});

describe(LiveDisplay.name, () => {
  const screen = { columns: 50, hasColours: false };
  let terminal: RecordingTerminal;
  let display: LiveDisplay;

  beforeEach(() => {
    jest.useFakeTimers();
    terminal = new RecordingTerminal(screen);
    display = new LiveDisplay(terminal, screen, now);
    display.begin('provision acme', JOB);
    terminal.written = '';
  });
  afterEach(() => {
    display.end();
    jest.useRealTimers();
  });

  it('redraws all steps in place, each truncated to one line', () => {
    display.step(WAITING);
    expect(terminal.written).toBe(
      '\u001b[2A\r\u001b[K  ✓ reserve-place  done     0 ms\n' +
        '\r\u001b[K  … activate       waiting  1 min 5 s  waits for…\n\u001b[J',
    );
  });

  it('keeps counting the seconds while disconnected, and says that it is reconnecting', () => {
    display.dropped('There is no answer');
    expect(terminal.written).toContain('There is no answer; trying again.\n\u001b[J');
    terminal.written = '';
    jest.advanceTimersByTime(1000);
    expect(terminal.written).toMatch(/^\u001b\[3A/);
    display.end();
    terminal.written = '';
    jest.advanceTimersByTime(5000);
    expect(terminal.written).toBe('');
  });

  it('colours the marks if the terminal supports colours', () => {
    const coloured = new LiveDisplay(terminal, { columns: 80, hasColours: true }, now);
    coloured.begin('provision acme', JOB);
    coloured.end();
    expect(terminal.written).toContain('\u001b[32m✓\u001b[0m reserve-place');
  });
});

describe(JsonDisplay.name, () => {
  it('writes one line of JSON for each change of a step, and one for the finished job', () => {
    const terminal = new RecordingTerminal();
    const display = new JsonDisplay(terminal);
    display.begin('provision acme', JOB);
    display.step(WAITING);
    display.done({ ...JOB, status: 'succeeded' });
    const lines = terminal.written.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { event: 'step', job_id: 'job-1', ...WAITING },
      { event: 'done', ...JOB, status: 'succeeded' },
    ]);
  });
});
