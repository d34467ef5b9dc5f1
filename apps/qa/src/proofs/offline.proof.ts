import { type Ask, makeThings, subjectsOf } from '@atlas/isolation';
import { ADMIN_PASSWORD, type PlaneProcess, type TestStack, builtFile, eventually } from '@atlas/testing';
import { all, exactly, none } from '../figures';
import { type Proof } from '../proof';

const OFFLINE = {
  ATLAS_OFFLINE_MODE: '1',
  NODE_OPTIONS: `--require "${builtFile('qa', 'preloads/outgoing-sockets.js')}"`,
};
/** Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:1/';

/**
 * A plane on a customer's premises enrols, goes offline, and serves everything that its users do. In its
 * process, every connection, datagram and name lookup is counted and refused, except those of its own
 * database. At the end, a runbook calls a server, to show that calls are counted.
 *
 * To see it fail: have `ControlPlaneLink.onApplicationBootstrap` and `Egress.declared` ignore `isOffline`.
 */
export const proof: Proof = {
  goal: 'ATLAS_OFFLINE_MODE=1: while users do everything that the product offers, no call leaves the plane',
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run({ stack: start, database, size, progress }) {
    const stack = await start();
    const planeDatabase = await database();
    const { body } = await stack.provision('offline', { body: { deployment_model: 'on_prem' } });
    const { install } = body;
    if (!install) throw new Error(JSON.stringify(body));
    const online = await stack.startTenantPlane(install, planeDatabase);
    const tenant = await stack.awaitActive(body.tenant.id);
    await stack.signUp(tenant, online.url);
    await stack.endTenantPlane(online);
    const plane = await stack.startTenantPlane(install, planeDatabase, OFFLINE);
    // More would exceed the limits of the plan.
    const rounds = size === 'full' ? 2 : 1;
    let calls: readonly number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      calls = [...calls, ...(await story(stack, plane))];
      progress(`round ${round}: ${calls.length} calls`);
    }
    const [left, works] = [outgoingOf(plane), calls.filter((status) => status < 400).length];
    await runsHttpStep(stack, plane);
    const counted = outgoingOf(plane).slice(left.length);
    await stack.endTenantPlane(plane);
    return [
      none('connections, datagrams and name lookups that would have left', left),
      all('calls of users that work', works, calls.length),
      exactly('calls of a runbook that are counted', counted.join(', '), '127.0.0.1:1'),
    ];
  },
};

/** What the process has printed about connections that it wanted to open. */
function outgoingOf(plane: PlaneProcess): string[] {
  const lines = plane.output().match(/^{"outgoing":.*}$/gm) ?? [];
  return lines.map((line) => (JSON.parse(line) as { outgoing: string }).outgoing);
}

/** The statuses of the calls. */
async function story(stack: TestStack, plane: PlaneProcess): Promise<number[]> {
  const { session, statuses } = await signIn(stack, plane);
  const ask = askAs(stack, plane, session, statuses);
  await makeThings(ask, 'Disk full');
  const subjects = await subjectsOf(ask);
  await ask(`/api/slos/${subjects['slo']}/events`, { good: 9, total: 10 });
  await ask(`/api/slos/${subjects['slo']}/status`);
  await ask(`/api/automation/jobs/${subjects['run']}/complete`, { step: 'look' });
  await ask('/api/integrations/control-plane');
  await ask('/api/deployment');
  await ask('/api/onboarding');
  await ask('/api/residency/ledger');
  return [...statuses, await refusedAnalysis(stack, plane, { session, incident: subjects['incident'] })];
}

/** Even if the admin has allowed AI, an offline plane answers at once that there is none. */
async function refusedAnalysis(
  stack: TestStack,
  plane: PlaneProcess,
  { session, incident }: { readonly session: string; readonly incident: string | undefined },
): Promise<number> {
  const options = { session, at: plane.url };
  const body = { allow_control_plane: true, features: { analysis: 'allow' } };
  await stack.tenant('offline', '/api/ai/settings', { ...options, body, method: 'PUT' });
  const analysis = `/api/ai/incidents/${incident}/analysis`;
  const { status } = await stack.tenant('offline', analysis, { ...options, method: 'POST' });
  return status === 503 ? 200 : status;
}

async function signIn(stack: TestStack, plane: PlaneProcess) {
  const login = { email: 'admin@offline.example.com', password: ADMIN_PASSWORD };
  const { status, body } = await stack.tenant<{ token: string }>('offline', '/api/auth/token', {
    body: login,
    at: plane.url,
  });
  return { session: body.token, statuses: [status] };
}

function askAs(stack: TestStack, plane: PlaneProcess, session: string, statuses: number[]): Ask {
  return async <T>(path: string, body?: object): Promise<T> => {
    const answer = await stack.tenant<T>('offline', path, { session, body, at: plane.url });
    statuses.push(answer.status);
    return answer.body;
  };
}

/** Runs a runbook whose only step calls a server, until the step has ended. */
async function runsHttpStep(stack: TestStack, plane: PlaneProcess): Promise<void> {
  const { session, statuses } = await signIn(stack, plane);
  const ask = askAs(stack, plane, session, statuses);
  const step = { name: 'call', kind: 'http', risk: 'low', config: { method: 'GET', url: NOWHERE } };
  const { id } = await ask<{ id: string }>('/api/runbooks', { name: 'Call', steps: [step] });
  const run = await ask<{ id: string }>(`/api/runbooks/${id}/runs`, {});
  await ask(`/api/automation/jobs/${run.id}/approve`, { step: 'call' });
  const hasEnded = async (): Promise<boolean> => {
    const { status } = await ask<{ status: string }>(`/api/automation/jobs/${run.id}`);
    return status === 'failed';
  };
  await eventually(hasEnded, { what: 'the step that calls a server has ended' });
}
