import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunStepView, type RunView } from '@atlas/tenant-api/automation';
import {
  type Answer,
  type SessionView,
  bySize,
  canLimitFileSize,
  databasesOfLongSuite,
  eventually,
  liftFileSizeLimit,
  limitFileSize,
} from '@atlas/testing';
import { AgentsMachine, gone, processesWith } from './agents-machine.fixture';
import { type BothPlanes, startBothPlanes } from './both-planes.fixture';

jest.setTimeout(60_000);

const SLUG = 'acme';
const MUCH = bySize(200_000_000, 1_000_000_000);
/** Lets everything run. */
const ANY = [
  { command: 'sh', args: ['...'] },
  { command: 'head', args: ['...'] },
];

interface NewAgent {
  readonly id: string;
  readonly key: string;
}
interface Script {
  readonly name?: string;
  readonly timeout_seconds?: number;
}

// Postgres, because SQLite would accept output that Postgres refuses, such as NUL characters.
describe.each(databasesOfLongSuite('postgres'))('atlas-agent, with a plane on %s', (driver) => {
  let planes: BothPlanes;
  let session: SessionView;
  let machine: AgentsMachine;
  let agent: NewAgent;
  let count = 0;

  beforeAll(async () => {
    planes = await startBothPlanes(driver);
    ({ session } = await planes.stack.tenantWithAdmin(SLUG));
    await call('PUT', '/api/automation/policy', { level: 5 });
  });
  afterAll(() => planes.stop());
  beforeEach(async () => {
    count += 1;
    machine = new AgentsMachine();
    agent = await newAgent();
    await machine.enrol(url(), agent.key);
    machine.allow(ANY);
  });
  afterEach(() => machine.remove());

  const url = (): string => planes.tenantPlane().url;
  const call = async <T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: object,
  ): Promise<Answer<T>> => {
    const answer = await planes.stack.tenant<T>(SLUG, path, { method, body, session: session.token });
    if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
    return answer;
  };
  const asAgent = <T = Record<string, unknown>>(path: string, body: object) =>
    planes.stack.tenant<T>(SLUG, `/api/agent/${path}`, { body, session: agent.key });
  /** The label keeps the agents of other tests from the steps of this one. */
  const newAgent = async (): Promise<NewAgent> => {
    const body = { name: 'web-1', labels: { test: `t${count}` } };
    const answer = await call<{ agent: { id: string }; key: string }>('POST', '/api/agents', body);
    return { id: answer.body.agent.id, key: answer.body.key };
  };
  const start = async (config: object, { name = 'step', ...fields }: Script = {}): Promise<string> => {
    const step = { name, kind: 'shell', risk: 'low', config, ...fields };
    const steps = [{ ...step, agent_selector: { test: `t${count}` } }];
    const book = await call<{ id: string }>('POST', '/api/runbooks', { name: 'x', steps });
    const run = await call<{ id: string }>('POST', `/api/runbooks/${book.body.id}/runs`, {});
    return run.body.id;
  };
  const script = (text: string, fields: Script = {}): Promise<string> =>
    start({ command: 'sh', args: ['-c', text, 'sh', machine.effectsFile] }, fields);
  const show = async (run: string): Promise<RunView> =>
    (await call<RunView>('GET', `/api/automation/jobs/${run}`)).body;
  const stepOf = async (run: string): Promise<RunStepView> => (await show(run)).steps[0] as RunStepView;
  const ended = (run: string): Promise<RunStepView> =>
    eventually(
      async () => {
        const step = await stepOf(run).catch(() => null);
        return step && ['succeeded', 'failed', 'cancelled'].includes(step.status) && step;
      },
      { what: 'the step has ended', timeoutMs: 30_000, found: () => JSON.stringify(machine.stored()) },
    );
  const effect = (text: string): Promise<boolean> =>
    eventually(() => machine.effects().includes(text), { what: `the command has written ${text}` });
  const failureOf = ({ status, error }: RunStepView) => [status, error?.code];
  const CONTINUED = { timeoutMs: 25_000, everyMs: 20 };

  it('shows the output of a step while it runs, and its exit code', async () => {
    machine.run();
    const run = await script('echo begun; echo more >&2; until grep -q go "$1"; do sleep 0.05; done; exit 3');
    await eventually(async () => (await stepOf(run)).output_tail?.includes('more'), CONTINUED);
    expect((await stepOf(run)).status).toBe('running');
    writeFileSync(machine.effectsFile, 'go\n');
    expect(await ended(run)).toMatchObject({ status: 'failed', exit_code: 3, output_tail: 'begun\nmore\n' });
  });

  it('gives a step arguments without a shell, and neither its key nor its environment', async () => {
    machine.run();
    machine.allow([{ command: 'env' }, { command: 'printf', args: ['%s', '*'] }]);
    const printed = await ended(await start({ command: 'printf', args: ['%s', '$(id);é'] }));
    expect(printed).toMatchObject({ exit_code: 0, output_tail: '$(id);é' });
    const { output_tail } = await ended(await start({ command: 'env' }));
    expect(output_tail).toMatch(/^PATH=\/usr\/local\/sbin:/m);
    expect(output_tail).not.toMatch(new RegExp(`${agent.key}|^ATLAS_AGENT`, 'm'));
  });

  it('runs only what its own list allows', async () => {
    machine.run();
    machine.allow([
      { command: 'echo', args: [['yes', 'no']] },
      { shell: 'echo "$1" | cat', args: ['*'] },
    ]);
    const refused = await ended(await start({ command: 'echo', args: ['maybe'] }));
    expect(failureOf(refused)).toEqual(['failed', 'command_not_allowed']);
    expect(refused.output_tail).toContain(`is not in ${machine.folder}/allowed-commands.json`);
    expect(failureOf(await ended(await start({ command: 'sh', args: ['-c', 'id'] })))).toEqual([
      'failed',
      'command_not_allowed',
    ]);
    expect(await ended(await start({ command: 'echo', args: ['yes'] }))).toMatchObject({ exit_code: 0 });
    const piped = { command: 'echo "$1" | cat', args: ['a;b'], shell: true };
    expect(await ended(await start(piped))).toMatchObject({ exit_code: 0, output_tail: 'a;b\n' });
    machine.allow([{ command: '/no/such/file' }]);
    expect(failureOf(await ended(await start({ command: '/no/such/file' })))).toEqual([
      'failed',
      'not_started',
    ]);
  });

  it('kills a command and its children at the time-out', async () => {
    machine.run();
    const mark = `atlas-${count}-grandchild`;
    const run = await script(
      `sh -c 'trap "" TERM; while :; do sleep 1; done' ${mark} & echo "$!" >> "$1"; wait`,
      { timeout_seconds: 2 },
    );
    expect(failureOf(await ended(run))).toEqual(['failed', 'timed_out']);
    // The child's id, which the command has written. The test could come too late to see the child itself.
    expect(machine.effects()).toEqual([expect.stringMatching(/^\d+$/)]);
    await gone(mark);
  });

  (canLimitFileSize() ? it : it.skip)(
    'starts no command while its disk is full, and says so (skipped without prlimit)',
    async () => {
      const { pid = 0 } = machine.run().child;
      expect(await ended(await script('true'))).toMatchObject({ exit_code: 0 });
      limitFileSize(pid, 0);
      const refused = await ended(await script('echo begun >> "$1"'));
      expect(failureOf(refused)).toEqual(['failed', 'not_started']);
      expect(refused.output_tail).toContain('EFBIG');
      liftFileSizeLimit(pid);
      expect(machine.effects()).toEqual([]);
      expect(await ended(await script('true'))).toMatchObject({ exit_code: 0 });
    },
  );

  it('stops a command when its run is cancelled', async () => {
    machine.run();
    const mark = `atlas-${count}-cancelled`;
    const run = await script(`: ${mark}; echo started >> "$1"; while :; do sleep 1; done`);
    await effect('started');
    await call('POST', `/api/automation/jobs/${run}/cancel`, {});
    await gone(mark);
    await eventually(() => machine.stored() === null);
    expect(await ended(await script('true'))).toMatchObject({ exit_code: 0 });
  });

  it('never runs a step again that it was about to start, or was running, when it was killed', async () => {
    const first = await script('echo first >> "$1"');
    // The state of an agent that was killed before it started the command.
    const { body } = await asAgent<{ lease_id: string; job_id: string; step: string }>('claim?wait=0', {});
    const { lease_id, job_id, step } = body;
    machine.store({ lease_id, job_id, step, since: '', group: null, result: null });
    const doomed = machine.run();
    expect(failureOf(await ended(first))).toEqual(['failed', 'outcome_unknown']);

    // The command kills the agent as soon as it can.
    const quick = await script('kill -9 $PPID; echo quick >> "$1"');
    await doomed.ended;
    expect(machine.stored()).toMatchObject({ job_id: quick, result: null });
    const second = machine.run();
    expect(failureOf(await ended(quick))).toEqual(['failed', 'outcome_unknown']);

    const mark = `atlas-${count}-orphan`;
    const run = await script(`: ${mark}; echo long >> "$1"; trap "" PIPE; while :; do sleep 0.1; done`);
    await effect('long');
    second.child.kill('SIGKILL');
    await second.ended;
    expect(processesWith(mark)).not.toEqual([]);
    machine.run();
    expect(failureOf(await ended(run))).toEqual(['failed', 'outcome_unknown']);
    await gone(mark);
    expect(machine.effects()).toEqual(['quick', 'long']);
    expect(await ended(await script('true'))).toMatchObject({ exit_code: 0 });
  });

  it('delivers the result of a step although plane and agent were killed in the meantime', async () => {
    const doomed = machine.run();
    const run = await script('echo once >> "$1"; until grep -q go "$1"; do sleep 0.05; done; exit 4');
    await effect('once');
    await planes.killTenantPlane();
    writeFileSync(machine.effectsFile, 'once\ngo\n');
    await eventually(() => machine.stored()?.['result']);
    doomed.child.kill('SIGKILL');
    await doomed.ended;
    await planes.restartTenantPlane();
    machine.run();
    expect(await ended(run)).toMatchObject({ status: 'failed', exit_code: 4 });
    expect(machine.effects()).toEqual(['once', 'go']);
    expect(machine.stored()).toBeNull();
  });

  it('reports output and result to a plane that was killed while the step ran', async () => {
    machine.run();
    const run = await script(
      'echo before; echo once >> "$1"; until grep -q go "$1"; do sleep 0.05; done; echo after',
    );
    await effect('once');
    await planes.killTenantPlane();
    writeFileSync(machine.effectsFile, 'once\ngo\n');
    await eventually(() => machine.stored()?.['result']);
    await planes.restartTenantPlane();
    expect(await ended(run)).toMatchObject({ exit_code: 0, output_tail: 'before\nafter\n' });
  });

  it('lets the step under way end when it is stopped, and claims no other', async () => {
    const stopped = machine.run();
    const run = await script('echo begun >> "$1"; until grep -q go "$1"; do sleep 0.05; done');
    await effect('begun');
    stopped.child.kill('SIGTERM');
    const next = await script('echo next >> "$1"');
    writeFileSync(machine.effectsFile, 'begun\ngo\n');
    expect(await stopped.ended).toMatchObject({ code: 0 });
    expect(await stepOf(run)).toMatchObject({ status: 'succeeded' });
    expect(await stepOf(next)).toMatchObject({ status: 'queued' });
  });

  it('stops the step under way if it is told to stop twice', async () => {
    const { child, ended: over, output } = machine.run();
    const run = await script('echo begun >> "$1"; while :; do sleep 0.1; done');
    await effect('begun');
    child.kill('SIGTERM');
    await eventually(() => output().includes('Stopping'));
    child.kill('SIGTERM');
    expect(await over).toMatchObject({ code: 0 });
    expect(failureOf(await stepOf(run))).toEqual(['failed', 'outcome_unknown']);
  });

  it('runs each step once if two agents use one key', async () => {
    const other = new AgentsMachine();
    await other.enrol(url(), agent.key);
    other.allow(ANY);
    for (const one of [machine, other]) one.run();
    const runs: string[] = [];
    for (let at = 0; at < 6; at += 1) runs.push(await script(`echo ${at} >> "$1"; sleep 0.3`));
    const steps = await Promise.all(runs.map(ended));
    expect(steps.map(({ exit_code }) => exit_code)).toEqual(steps.map(() => 0));
    expect(machine.effects().sort()).toEqual(runs.map((_, at) => String(at)));
    await other.remove();
  });

  it('stays small while a command writes much output', async () => {
    const { child } = machine.run();
    const run = await start({ command: 'head', args: ['-c', String(MUCH), '/dev/zero'] });
    const sizes: number[] = [];
    const sampling = setInterval(() => sizes.push(residentMb(child.pid)), 50);
    const step = await ended(run).finally(() => clearInterval(sampling));
    // Each NUL character is sent as a character of three bytes.
    expect([step.exit_code, step.output_bytes >= MUCH]).toEqual([0, true]);
    expect(Math.max(...sizes)).toBeLessThan(150);
    expect(residentMb(planes.tenantPlane().pid)).toBeLessThan(500);
  });

  it('keeps its key private, and does not start if others may read it', async () => {
    const path = join(machine.folder, 'key');
    expect([statSync(path).mode & 0o777, statSync(machine.folder).mode & 0o777]).toEqual([0o600, 0o700]);
    chmodSync(path, 0o644);
    expect(await machine.run().ended).toMatchObject({ code: 1, err: expect.stringContaining('chmod 600') });
  });

  it('is enrolled only with an accepted key, and not in the place of another agent', async () => {
    const enrol = (input: string, ...words: string[]) =>
      machine.call(['enrol', '--url', url(), ...words], { input });
    const wrong = `${agent.key.slice(0, -43)}${'A'.repeat(43)}`;
    expect(await enrol(wrong)).toMatchObject({ code: 3, err: expect.stringContaining('refuses the key') });
    expect(await enrol('secret')).toMatchObject({ code: 1, err: expect.not.stringContaining('secret') });
    expect(await enrol('', wrong)).toMatchObject({ code: 2, err: expect.not.stringContaining(wrong) });
    expect(await machine.call(['enrol', '--url', 'http://acme.example'], { input: agent.key })).toMatchObject(
      { code: 2, err: expect.stringContaining('unencrypted') },
    );

    const other = await newAgent();
    const refused = { code: 1, err: expect.stringContaining('--force') };
    expect(await enrol(other.key)).toMatchObject(refused);
    expect(await enrol(agent.key)).toMatchObject({ code: 0 });
    const { child, output } = machine.run();
    await eventually(output, { what: 'the agent runs' });
    const busy = { code: 1, err: expect.stringContaining(`in use by process ${child.pid}`) };
    expect(await enrol(other.key, '--force')).toMatchObject(busy);
    expect(await machine.run().ended).toMatchObject(busy);
    child.kill('SIGKILL');
    expect(await enrol(other.key, '--force')).toMatchObject({ code: 0 });
  });

  it('shows its status', async () => {
    const status = async (...words: string[]) => machine.call(['status', ...words]);
    expect(await status()).toMatchObject({ code: 1, out: expect.stringMatching(/^run +not running/m) });
    machine.run();
    const run = await script('echo begun >> "$1"; until grep -q go "$1"; do sleep 0.05; done');
    await effect('begun');
    const { code, out } = await status('--json');
    expect([code, JSON.parse(out)]).toMatchObject([
      0,
      {
        agent_id: agent.id,
        plane: 'answers',
        step: { job_id: run },
        allowed_commands: ['sh ...', 'head ...'],
      },
    ]);
    writeFileSync(machine.effectsFile, 'go\n');
    await ended(run);
    rmSync(join(machine.folder, 'allowed-commands.json'));
    await call('DELETE', `/api/agents/${agent.id}`);
    const { code: refused, out: text } = await status();
    expect(refused).toBe(3);
    expect(text).toMatch(/^plane .* refuses the key/m);
    expect(text).toMatch(/^may run +nothing: There is no /m);
  });
});

function residentMb(pid = 0): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}
