import { type AlertView } from '@atlas/tenant-api/alerts';
import { type Json } from '@atlas/platform';
import { CommandFailure } from '../../failure';
import { fewAtATime } from './few-at-a-time';
import { AGENT, RUNS, type StoryRun } from './procedures';
import { ITEMS, RELATIONSHIPS } from './shop';
import { type Storyteller } from './storyteller';
import {
  ALERTS,
  DATA_SOURCE,
  DAYS_WITH_PAYMENTS,
  INCIDENTS,
  OBJECTIVE,
  SILENCE,
  type StoryAlert,
  type StoryIncident,
  paymentsOn,
} from './troubles';

type Ids = ReadonlyMap<string, string>;

const DAY_MINUTES = 1440;

/** The IT of a small online shop, on a day with three incidents. */
export async function tellStory(teller: Storyteller): Promise<void> {
  const items = await tellShop(teller);
  const source = await addSource(teller);
  await tellObjective(teller, items, source.key);
  await fireAlerts(teller, source);
  const incidents = await incidentsOf(teller, source.id);
  for (const incident of INCIDENTS) await workOn(teller, incident, idIn(incidents, incident.service));
  await tellRuns(teller, incidents);
  await resolveAlerts(teller, source);
  for (const incident of INCIDENTS) await close(teller, incident, idIn(incidents, incident.service));
  await planMaintenance(teller);
}

async function tellShop(teller: Storyteller): Promise<Ids> {
  const created = await fewAtATime(ITEMS, async (item) => {
    const body = { ...item, status: 'production' } as const;
    const { id } = await teller.create(`item/${item.key}`, 'POST /api/cmdb/items', { body });
    return [item.key, id] as const;
  });
  const ids = new Map(created);
  const edges = RELATIONSHIPS.flatMap(({ to: targets, ...edge }) => targets.map((to) => ({ ...edge, to })));
  await fewAtATime(edges, ({ from, to, ...relationship }) => {
    const body = { ...relationship, from_id: idIn(ids, from), to_id: idIn(ids, to) };
    const name = `relationship/${from}/${relationship.type}/${to}`;
    return teller.create(name, 'POST /api/cmdb/relationships', { body });
  });
  return ids;
}

interface Source {
  readonly id: string;
  readonly key: string;
}

async function addSource(teller: Storyteller): Promise<Source> {
  const body = { ...DATA_SOURCE, group_by: [...DATA_SOURCE.group_by] };
  const { id, key } = await teller.create('source', 'POST /api/data-sources', { body });
  const rotate = async (): Promise<string | null> => {
    const given = { path: { id }, body: { revoke_now: true } };
    return (await teller.client.call('POST /api/data-sources/:id/rotate-key', given)).key;
  };
  return { id, key: await teller.key('source', key, rotate) };
}

async function tellObjective(teller: Storyteller, items: Ids, sourceKey: string): Promise<void> {
  const { item, ...objective } = OBJECTIVE;
  const body = { ...objective, ci_id: idIn(items, item), indicator: { kind: 'events' } } as const;
  const { id } = await teller.create('objective', 'POST /api/slos', { body });
  const source = teller.clientWith(sourceKey);
  const days = Array.from({ length: DAYS_WITH_PAYMENTS }, (_, daysAgo) => daysAgo);
  await fewAtATime(days, (daysAgo) => {
    const body = { ...paymentsOn(daysAgo), at: teller.minutesAgo(daysAgo * DAY_MINUTES) };
    return teller.create(`payments/${daysAgo}`, 'POST /api/slos/:id/events', { path: { id }, body }, source);
  });
}

/** Alerts have no `Idempotency-Key`, so only those are sent that have not arrived yet. */
async function fireAlerts(teller: Storyteller, source: Source): Promise<void> {
  const known = await statusesOf(teller, source);
  const alerts = ALERTS.filter(({ fingerprint }) => !known.has(fingerprint));
  await send(teller, source, alerts, 'firing');
}

async function resolveAlerts(teller: Storyteller, source: Source): Promise<void> {
  const known = await statusesOf(teller, source);
  const isOver = ({ status, fingerprint }: StoryAlert): boolean =>
    status === 'resolved' && known.get(fingerprint) === 'firing';
  await send(teller, source, ALERTS.filter(isOver), 'resolved');
}

async function send(
  teller: Storyteller,
  { key }: Source,
  alerts: readonly StoryAlert[],
  status: StoryAlert['status'],
): Promise<void> {
  if (alerts.length === 0) return;
  const sent = alerts.map(({ begunMinutesAgo, ...alert }) => ({
    ...alert,
    status,
    startsAt: teller.minutesAgo(begunMinutesAgo),
    endsAt: teller.minutesAgo(begunMinutesAgo / 2),
  }));
  const body = { version: '4', alerts: sent } as const;
  await teller.client.call('POST /api/ingest/alertmanager/:key', { path: { key }, body });
}

async function alertsOf(teller: Storyteller, sourceId: string): Promise<readonly Json<AlertView>[]> {
  const { items } = await teller.client.call('GET /api/alerts', { query: { source_id: sourceId } });
  return items;
}

async function statusesOf(teller: Storyteller, { id }: Source): Promise<ReadonlyMap<string, string>> {
  const alerts = await alertsOf(teller, id);
  return new Map(alerts.map(({ fingerprint, status }) => [fingerprint, status]));
}

/** The incidents by the service whose alerts have opened them. */
async function incidentsOf(teller: Storyteller, sourceId: string): Promise<Ids> {
  const alerts = await alertsOf(teller, sourceId);
  return new Map(alerts.map(({ labels, incident_id: id }) => [labels['service'] ?? '', id ?? '']));
}

async function workOn(teller: Storyteller, incident: StoryIncident, id: string): Promise<void> {
  const path = { id };
  const { status } = await teller.client.call('GET /api/incidents/:id', { path });
  if (status === 'triggered') {
    const { user } = await teller.client.call('GET /api/auth/me');
    const assignee = incident.isAssigned ? { assignee_id: user.id } : {};
    const body = {
      status: incident.status === 'closed' ? 'acknowledged' : incident.status,
      ...assignee,
    } as const;
    await teller.client.call('PATCH /api/incidents/:id', { path, body });
  }
  for (const [index, text] of incident.notes.entries())
    await teller.create(`note/${incident.service}/${index}`, 'POST /api/incidents/:id/notes', {
      path,
      body: { text },
    });
}

async function close(teller: Storyteller, incident: StoryIncident, id: string): Promise<void> {
  if (incident.status !== 'closed') return;
  const { resolution_notes, root_cause } = incident;
  const body = { status: 'closed', resolution_notes, root_cause } as const;
  await teller.client.call('PATCH /api/incidents/:id', { path: { id }, body });
}

async function planMaintenance(teller: Storyteller): Promise<void> {
  const { startsInHours, lastsHours, comment, matchers } = SILENCE;
  const body = {
    matchers: [...matchers],
    comment,
    starts_at: teller.minutesAgo(-60 * startsInHours),
    ends_at: teller.minutesAgo(-60 * (startsInHours + lastsHours)),
  };
  await teller.create('silence', 'POST /api/silences', { body });
}

async function tellRuns(teller: Storyteller, incidents: Ids): Promise<void> {
  const agentKey = await addAgent(teller);
  for (const run of RUNS) {
    const { name, steps, parameters, description } = run.runbook;
    const body = { name, description, steps, parameters };
    const runbook = await teller.create(`runbook/${name}`, 'POST /api/runbooks', { body });
    const begun = await teller.create(`run/${name}`, 'POST /api/runbooks/:id/runs', {
      path: { id: runbook.id },
      body: { incident_id: idIn(incidents, run.service), parameters: run.parameters },
    });
    if ('id' in begun && run.isFinished) await finishRun(teller, run, { id: begun.id, agentKey });
  }
}

async function addAgent(teller: Storyteller): Promise<string> {
  const { agent, key } = await teller.create('agent', 'POST /api/agents', { body: AGENT });
  const rotate = async (): Promise<string | null> =>
    (await teller.client.call('POST /api/agents/:id/rotate-key', { path: { id: agent.id } })).key;
  return teller.key('agent', key, rotate);
}

/** Does whatever the run waits for next, until it has ended. */
async function finishRun(
  teller: Storyteller,
  { output, approvalNote, completionNote }: StoryRun,
  { id, agentKey }: { readonly id: string; readonly agentKey: string },
): Promise<void> {
  const { client } = teller;
  const path = { id };
  for (;;) {
    const { status, steps } = await client.call('GET /api/automation/jobs/:id', { path });
    const step = steps.find((one) => one.status !== 'succeeded')?.name ?? '';
    const isRunning = steps.some((one) => one.status === 'running');
    if (status === 'succeeded' || status === 'cancelled') return;
    if (status === 'waiting_approval')
      await client.call('POST /api/automation/jobs/:id/approve', {
        path,
        body: { step, note: approvalNote },
      });
    else if (status === 'waiting_manual')
      await client.call('POST /api/automation/jobs/:id/complete', {
        path,
        body: { step, note: completionNote },
      });
    else if (status === 'failed') await client.call('POST /api/automation/jobs/:id/retry', { path });
    else if (isRunning) throw stillRunning(step);
    else await runStep(teller, agentKey, output);
  }
}

/** Plays the agent. */
async function runStep(teller: Storyteller, agentKey: string, output: string | undefined): Promise<void> {
  const agent = teller.clientWith(agentKey);
  await agent.call('POST /api/agent/heartbeat', { body: { version: '1.0.0', hostname: AGENT.name } });
  const lease = await agent.call('POST /api/agent/claim');
  if (!lease) throw new CommandFailure('No step was found for the agent of the demo.');
  const body = { lease_id: lease.lease_id, output, exit_code: 0, finished: true };
  await agent.call('POST /api/agent/results', { body });
}

/** Its lease was lost when an earlier start was killed, so the step fails once the lease has expired. */
function stillRunning(step: string): CommandFailure {
  return new CommandFailure(`An earlier start was stopped during the step "${step}" of a run.`);
}

function idIn(ids: Ids, name: string): string {
  const id = ids.get(name);
  if (id === undefined) throw new Error(`The story has no ${name}.`);
  return id;
}
