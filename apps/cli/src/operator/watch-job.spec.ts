import { StubApi } from '../../test/stub-api.fixture';
import { jobView, stepView } from '../../test/views.fixture';
import { ControlPlaneClient } from '../control-plane/control-plane-client';
import { NoAnswer } from '../control-plane/http-call';
import { type JobChange, watchJob } from './watch-job';

const JOB = 'GET /api/provisioning-jobs/job-1';
const EVENTS = `${JOB}/events`;
const RUNNING = stepView({ status: 'running', finished_at: null });
const DONE = stepView();
const step = (view: object): string =>
  `event: step\r\ndata: ${JSON.stringify({ job_id: 'job-1', ...view })}\n\n`;

describe(watchJob.name, () => {
  let api: StubApi;
  let pauses: number[];
  const end = new AbortController();

  beforeEach(async () => {
    api = await StubApi.start();
    pauses = [];
    callMs = 0;
  });
  afterEach(() => api.stop());

  const pause = async (ms: number): Promise<void> => void pauses.push(ms);
  const waited = (): number => pauses.reduce((sum, ms) => sum + ms, 0);
  /** How long each call takes. */
  let callMs = 0;
  const now = (): number => waited() + callMs * api.calls.length;
  const watch = () =>
    watchJob(new ControlPlaneClient(api.url, 'key', end.signal), 'job-1', end.signal, { pause, now });
  const seen = async (): Promise<string[]> => {
    const texts: string[] = [];
    for await (const change of watch()) texts.push(textOf(change));
    return texts;
  };

  it('reports each change once, from the job or from an event, until the job finishes', async () => {
    const over = jobView({ status: 'succeeded' });
    api.answers = {
      [JOB]: [{ body: jobView({ steps: [RUNNING] }) }],
      [EVENTS]: [
        { stream: `:\n\n${step(RUNNING)}${step(DONE)}event: done\ndata: ${JSON.stringify(over)}\n\n` },
      ],
    };
    expect(await seen()).toEqual(['job', 'running', 'done', 'end succeeded']);
    expect(pauses).toEqual([]);
  });

  it('reconnects after a broken connection, and catches up', async () => {
    api.answers = {
      [JOB]: [{ body: jobView({ steps: [RUNNING] }) }, { body: jobView({ status: 'succeeded' }) }],
      [EVENTS]: [{ stream: step(RUNNING), breaks: true }],
    };
    expect(await seen()).toEqual(['job', 'running', 'dropped', 'done', 'end succeeded']);
    expect(pauses).toHaveLength(1);
  });

  it('waits longer before each attempt while a proxy returns 502', async () => {
    const away = { status: 502, body: '<html>Bad gateway</html>' };
    const running = { body: jobView({ steps: [RUNNING] }) };
    api.answers = {
      [JOB]: [running, away, away, { body: jobView({ status: 'failed' }) }],
      [EVENTS]: [{ stream: '' }],
    };
    const drops = ['dropped', 'dropped', 'dropped'];
    expect(await seen()).toEqual(['job', 'running', ...drops, 'done', 'end failed']);
    expect(pauses).toEqual([250, 500, 1000]);
  });

  it('gives up after a minute of failed calls, or at once if the first call fails', async () => {
    const away = { status: 503, body: '' };
    api.answers = { [JOB]: [{ body: jobView({ steps: [RUNNING] }) }, away], [EVENTS]: [{ stream: '' }] };
    await expect(seen()).rejects.toThrow('failed with 503, and the response gives no reason');
    expect([waited() > 50_000, waited() < 70_000]).toEqual([true, true]);
    api.stop();
    pauses = [];
    await expect(seen()).rejects.toThrow(NoAnswer);
    expect(pauses).toEqual([]);
  });

  it('gives up after about a minute even if each call takes 15 seconds', async () => {
    callMs = 15_000;
    const away = { status: 503, body: '' };
    api.answers = { [JOB]: [{ body: jobView({ steps: [RUNNING] }) }, away], [EVENTS]: [{ stream: '' }] };
    await expect(seen()).rejects.toThrow('failed with 503, and the response gives no reason');
    expect(api.calls.length).toBeLessThan(8);
  });

  it('stops when the API key is no longer accepted', async () => {
    const refused = { status: 401, body: { code: 'unauthenticated', detail: 'Send a valid API key.' } };
    api.answers = { [JOB]: [{ body: jobView({ steps: [RUNNING] }) }], [EVENTS]: [refused] };
    await expect(seen()).rejects.toThrow('Send a valid API key.');
  });
});

function textOf(change: JobChange): string {
  if (change.kind === 'step') return change.step.status;
  return change.kind === 'done' ? `end ${change.job.status}` : change.kind;
}
