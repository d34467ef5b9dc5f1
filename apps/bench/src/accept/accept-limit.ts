import { createHash, randomUUID } from 'node:crypto';
import { parseCredential } from '@atlas/service-auth';
import { uuidv7 } from '@atlas/tenancy';
import { Client } from 'pg';
import { type Load, type LoadResult, runLoad } from '../load/run-load';
import { RowTemplate } from './row-template';

const API_KEY = `select k.id, k.name, k.operator_id, k.scopes, k.secret_hash, k.created_at, k.expires_at,
  k.revoked_at,
    o.id, o.email, o.name, o.role, o.password_hash, o.created_at, o.disabled_at
  from api_keys k join operators o on o.id = k.operator_id where k.id = $1`;
const ROOM = `select * from tenant_planes
  where deployment_model = 'shared' and status = 'enrolled' and placed < capacity
  order by placed * 1.0 / capacity, id limit 1`;
const ANSWER = `update idempotency_keys set status = $2, answer_sealed = $3, install_sealed = $4,
  token_id = $5
  where scope = $1`;

const PLACE = `update tenant_planes set placed = placed + 1, revision = revision + 1, revised_at = now()
  where id = $1 and placed < capacity returning revision`;

interface Templates {
  readonly tenant: RowTemplate;
  readonly job: RowTemplate;
  readonly audit: RowTemplate;
  readonly idempotency: RowTemplate;
  readonly placement: RowTemplate;
}

/**
 * The minimum cost of accepting a tenant, given this schema. Sends the Control
 * Plane's own statements directly over node-postgres, with one round trip each.
 */
export class AcceptLimit {
  private constructor(
    private readonly url: string,
    private readonly apiKeyId: string,
    private readonly templates: Templates,
  ) {}

  /** Uses the rows from the most recently accepted request as templates. */
  static async learn(url: string, apiKey: string): Promise<AcceptLimit> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      const templates = {
        tenant: await RowTemplate.newest(client, 'tenants', 'id'),
        job: await RowTemplate.newest(client, 'provisioning_jobs', 'id'),
        audit: await RowTemplate.newest(client, 'audit_events', 'id'),
        idempotency: await RowTemplate.newest(client, 'idempotency_keys', 'created_at'),
        placement: await RowTemplate.newest(client, 'placements', 'created_at'),
      };
      return new AcceptLimit(url, parseCredential('aok', apiKey)?.id ?? '', templates);
    } finally {
      await client.end();
    }
  }

  async load(load: Load): Promise<LoadResult> {
    const clients = Array.from({ length: load.callers }, () => new Client({ connectionString: this.url }));
    await Promise.all(clients.map((client) => client.connect()));
    try {
      return await runLoad(load, (caller) => this.write(clients[caller] as Client));
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  }

  private async write(client: Client): Promise<void> {
    const { tenant, job, audit, idempotency, placement } = this.templates;
    const [tenantId, jobId, auditId] = [uuidv7(), uuidv7(), uuidv7()];
    const scope = createHash('sha256').update(randomUUID()).digest('hex');
    const { status, answer_sealed, install_sealed, token_id } = idempotency.row;
    await client.query(API_KEY, [this.apiKeyId]);
    await client.query('begin');
    await client.query(
      `${idempotency.insert} on conflict do nothing returning 1 as inserted`,
      idempotency.with({ scope, status: 0, answer_sealed: '', install_sealed: null, token_id: null }),
    );
    await client.query(ROOM);
    await client.query(tenant.insert, tenant.with({ id: tenantId, slug: `limit-${tenantId.slice(9)}` }));
    await client.query(audit.insert, audit.with({ id: auditId, target_id: tenantId }));
    await client.query(job.insert, job.with({ id: jobId, tenant_id: tenantId }));
    // Last, because it locks the row of the cell until the commit.
    const { rows } = await client.query<{ revision: number }>(PLACE, [placement.row['tenant_plane_id']]);
    const published = { tenant_id: tenantId, entry_revision: rows[0]?.revision };
    await client.query(placement.insert, placement.with(published));
    await client.query(ANSWER, [scope, status, answer_sealed, install_sealed, token_id]);
    await client.query('commit');
  }
}
