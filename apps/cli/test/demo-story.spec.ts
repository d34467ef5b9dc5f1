import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@atlas/testing';
import { readPrivateFile } from '../src/stack/private-file';
import { type StackRecord } from '../src/stack/stack-state';
import { approveInDemo, contentOf } from './demo-tenant.fixture';
import { StackProcess, expectGone } from './stack.fixture';

jest.setTimeout(180_000);

const STORY = {
  items: 20,
  relationships: 36,
  sources: 1,
  alerts: 8,
  firing: 4,
  incidents: 3,
  open: 1,
  investigating: 1,
  closed: 1,
  runbooks: 2,
  runs: 2,
  finished: 1,
  waiting: 1,
  agents: 1,
  objectives: 1,
  silences: 1,
  'timeline of open': 7,
  'timeline of investigating': 6,
  'timeline of closed': 11,
};

describe('the demo story', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'atlas-story-'));
  let run: StackProcess;

  afterAll(async () => {
    run.send('SIGTERM');
    await run.exited;
    rmSync(dataDir, { recursive: true });
  });

  const record = (): StackRecord | undefined =>
    readPrivateFile(join(dataDir, 'secrets.sqlite.json')) as StackRecord | undefined;

  it('is complete and has nothing twice, although a start was killed while telling it', async () => {
    run = new StackProcess(dataDir);
    const hasAgent = (): boolean => record()?.demoTenant?.story?.keys?.['agent'] !== undefined;
    await eventually(hasAgent, { what: 'the key of the agent is saved', timeoutMs: 60_000 });
    const { children } = run;
    run.send('SIGKILL');
    await expectGone(children);
    expect(run.output).not.toContain('"ready":true');
    run = new StackProcess(dataDir);
    const stack = await run.ready();
    const { counts, objective } = await contentOf(stack);
    expect(counts).toEqual(STORY);
    expect(objective).toMatchObject({ state: 'ok', total: 1_246_614, budget: { spent: 733 } });
    // An approved step would stay queued, because no agent runs in the demo.
    expect(await approveInDemo(stack)).toBe('own_approval');
  });

  it('leaves no key in the logs, nor in the record of the stack', () => {
    expect(record()?.demoTenant?.story).toEqual({ startedAt: expect.any(String), isDone: true });
    const logs = readdirSync(join(dataDir, 'logs')).map((name) => run.log(name));
    expect(logs.join('')).not.toMatch(/a[dg][sa]_[0-9a-f-]{36}_/);
  });
});
