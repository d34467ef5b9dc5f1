import { randomUUID } from 'node:crypto';
import { FIXTURES, type Fixture, makeThings, subjectsOf } from '@atlas/isolation';
import { type DesiredTenant } from '@atlas/plane-contract';
import { AiAnswers } from '../src/ai/ai-answers';
import { StepOutput } from '../src/automation/step-output.entity';
import { OutgoingMail } from '../src/mail/outgoing-mail.entity';
import { TENANT_SCOPED_ENTITIES } from '../src/schema/tenant-plane-schema';
import { UserSignOn } from '../src/single-sign-on/user-sign-on';
import { PASSWORD, type TestTenantPlane } from './tenant-plane.fixture';

/** Creates at least one row for this tenant in each tenant-scoped table, through the API if possible. */
export async function fillEveryTable(plane: TestTenantPlane, tenant: DesiredTenant): Promise<void> {
  const { tenant_id: id } = tenant;
  const token = await plane.signupToken(tenant);
  const exchange = await plane.post('/api/auth/signup-exchange', { token, password: PASSWORD }).expect(201);
  const session: string = exchange.body.token;
  const ask = async <T>(path: string, body?: object): Promise<T> => {
    const call = body === undefined ? plane.get(path, { session }) : plane.post(path, body, { session });
    const { status, body: answer, text } = await call;
    if (status >= 300) throw new Error(`${path} returned ${status}: ${text}`);
    return answer;
  };
  await makeThings(ask, 'Disk full');
  const subjects = await subjectsOf(ask);
  for (const { thing, path, change, changeMethod } of FIXTURES) {
    if (!change) continue;
    const send = changeMethod === 'PUT' ? plane.put : plane.patch;
    await send.call(plane, `${path}/${subjects[thing]}`, change({ subjects }), { session }).expect(200);
  }
  for (const [name, { thing, verb, body, makes, removes, keyOf, answers = [] }] of FIXTURES.flatMap(
    furtherRoutesOf,
  )) {
    if (verb !== 'write' || makes || removes || keyOf) continue;
    const [method = '', path = ''] = name.split(' ');
    const send = method === 'POST' ? plane.post : plane.put;
    const own = path.replace(':id', subjects[thing] ?? '');
    const { status, text } = await send.call(plane, own, body?.({ subjects }, 'Disk full') ?? {}, {
      session,
    });
    if (status >= 300 && !answers.includes(status)) throw new Error(`${name} returned ${status}: ${text}`);
  }
  const key = { session, headers: { 'idempotency-key': 'incident' } };
  await plane.post('/api/incidents', { title: 'Disk full', severity: 'P5' }, key).expect(201);
  await plane.post('/api/onboarding/steps/ai/skip', { reason: 'No AI' }, { session }).expect(200);
  const invitee = { email: 'invitee@example.com', role: 'operator' };
  await plane.post('/api/auth/invite', invitee, { session }).expect(201);
  const own_endpoint = { base_url: 'https://llm.example/v1', model: 'm', api_key: 'credential' };
  const ai = { allow_control_plane: false, features: { analysis: 'deny' }, own_endpoint };
  await plane.put('/api/ai/settings', ai, { session }).expect(200);
  // A real AI analysis needs a Control Plane, so write the row the way the service does.
  const { incident: incidentId = '', user: askedBy = '' } = subjects;
  await plane.app.get(AiAnswers).record(id, { incidentId, askedBy, model: 'm', source: 'control_plane' });
  // A sent email leaves no row. This plane has no mail server, so the row stays.
  const waiting = { id: randomUUID(), kind: 'none', subject: {}, createdAt: plane.now, attempts: 0 };
  await plane.tenants.write(id, async (scope) => {
    await scope.insert(OutgoingMail, { ...waiting, nextAttemptAt: plane.now });
  });
  // Only an agent sends output, so write the row the way the service does.
  await plane.tenants.write(id, (scope) =>
    scope.put(StepOutput, [{ stepId: randomUUID(), tail: 'Disk full' }]),
  );
  const provider = { issuer: 'https://login.example.com', client_id: 'atlas' };
  await plane.put('/api/identity-provider', provider, { session }).expect(200);
  // A real sign-in needs a working provider, so write the row the way the service does.
  const identity = { issuer: provider.issuer, subject: id, email: null, name: null };
  await plane.tenants.write(id, (scope) => plane.app.get(UserSignOn).link(scope, askedBy, identity));
  const headers = { authorization: 'Bearer credential' };
  const queries = { good_query: 'good', total_query: 'total' };
  const indicator = { kind: 'prometheus', url: 'https://prometheus.example', ...queries, headers };
  const slo = { name: 'Disk', objective: 0.99, window_days: 30, indicator };
  await plane.post('/api/slos', slo, { session }).expect(201);
  // The routes above have ended a run, which deletes its secrets. This run keeps them.
  const run = { parameters: { token: 'credential' } };
  await plane.post(`/api/runbooks/${subjects['runbook']}/runs`, run, { session }).expect(202);
  for (const entity of TENANT_SCOPED_ENTITIES) {
    const isFilled = await plane.tenants.read(id, (scope) => scope.exists(entity));
    if (!isFilled)
      throw new Error(
        `No row was created for ${entity.name}. Add a fixture for its feature (libs/isolation).`,
      );
  }
}

function furtherRoutesOf({ thing, routes = {} }: Fixture) {
  return Object.entries(routes).map(([name, route]) => {
    const named = route.path?.['id'];
    return [name, { ...route, thing: typeof named === 'string' ? named : thing }] as const;
  });
}
