import fastify from 'fastify';
import { Pool } from 'pg';

const LABELS = {
  type: 'object',
  maxProperties: 64,
  additionalProperties: { type: 'string', maxLength: 1000 },
};
const ALERT = {
  type: 'object',
  additionalProperties: false,
  required: ['fingerprint', 'status', 'labels'],
  properties: {
    fingerprint: { type: 'string', minLength: 1, maxLength: 200 },
    status: { enum: ['firing', 'resolved'] },
    labels: LABELS,
    annotations: LABELS,
  },
};
const BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['alerts'],
  properties: { alerts: { type: 'array', maxItems: 1000, items: ALERT } },
};
const INSERT = `insert into received (tenant_id, fingerprint, status, labels, annotations, received_at)
  select $1, fingerprint, status, labels, annotations, now() from jsonb_to_recordset($2::jsonb)
    as alert (fingerprint varchar, status varchar, labels jsonb, annotations jsonb)
  on conflict (tenant_id, fingerprint) do update
    set status = excluded.status, labels = excluded.labels, annotations = excluded.annotations,
      received_at = excluded.received_at`;

/**
 * What alert ingest is compared with: Fastify with a JSON schema, and one insert for all alerts of a request.
 */
async function main(): Promise<void> {
  const pool = new Pool({ connectionString: process.env['DATABASE_URL'], max: 10 });
  const app = fastify();
  app.get('/health/ready', () => pool.query('select 1').then(() => ({ status: 'ok' })));
  app.post<{ Params: { tenant: string }; Body: { alerts: readonly object[] } }>(
    '/ingest/:tenant',
    { schema: { body: BODY } },
    async ({ params, body }, reply) => {
      await pool.query(INSERT, [params.tenant, JSON.stringify(body.alerts)]);
      return reply.code(202).send({ received: body.alerts.length });
    },
  );
  await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });
  process.stdout.write('The app is ready\n');
}

void main();
