import { asAdmin } from '@atlas/testing';

/** Targets like those that the planes store with each incident. */
const POLICY = JSON.stringify(
  Object.fromEntries(
    ['P1', 'P2', 'P3', 'P4', 'P5'].map((severity, index) => [
      severity,
      { response_minutes: 15 * 2 ** index, resolution_minutes: 240 * 2 ** index },
    ]),
  ),
);
const WORDS =
  'the volume of web has no room left after deploy and requests to checkout time out because pool is ' +
  'exhausted restarted by hand error rate above threshold in region north cache misses grow since midnight ' +
  'disk latency queue backlog certificate expires node drained failover replica lag customer reports slow';
/**
 * Sentences of pseudo-random words, so that the text compresses as prose does, and not as one repeated row.
 */
const SENTENCE = `(select string_agg(
    words[1 + abs(hashtext(id::text || $3 || place)) % array_length(words, 1)], ' ')
  from generate_series(1, 20) as place)`;
const TARGETS = `with vocabulary (words) as (select string_to_array($4::text, ' '))
  update incidents set sla_policy = $2, timeline_length = 2, title = left(${SENTENCE}, 60),
    description = ${SENTENCE.replace('$3', `'description'`)},
    created_at = created_at - random() * interval '90 days',
    response_due_at = created_at + random() * interval '4 hours',
    resolution_due_at = created_at + random() * interval '4 hours'
  from vocabulary where tenant_id = $1 and $3 <> ''`;
const TIMELINE = `insert into incident_timeline
    (tenant_id, id, incident_id, position, at, kind, by_user, data)
  select tenant_id, overlay(md5(id::text || n) placing substr(id::text, 1, 8) from 1)::uuid,
    id, n, created_at,
    case n when 1 then 'created' else 'note' end, created_by,
    case n when 1 then jsonb_build_object('severity', severity, 'status', status, 'source', source)
      else jsonb_build_object('text', 'Looked at ' || number || ': ' || description) end
    from incidents, generate_series(1, 2) as n where tenant_id = $1`;

/** Gives each of a tenant's incidents targets and two timeline items. */
export async function loadHistory(databaseAdminUrl: string, tenantId: string): Promise<void> {
  await asAdmin(databaseAdminUrl, async (client) => {
    await client.query(TARGETS, [tenantId, POLICY, 'title', WORDS]);
    await client.query(TIMELINE, [tenantId]);
    await client.query('vacuum analyze');
  });
}
