import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';

const POLL_MS = 2;
const PATIENCE_MS = 30_000;

/** When a tenant was requested and when it became active, as recorded by the Control Plane. */
export interface Activation {
  readonly createdAt: Date;
  readonly activeAt: Date;
}

interface Row {
  readonly id: string;
  readonly created_at: Date;
  readonly active_at: Date;
}

/**
 * Polls the database for tenants that have become active. It sends one small query every 2 ms, regardless of
 * how many tenants are awaited.
 */
export class ActivationWatcher {
  private readonly waiting = new Map<string, (activation: Activation) => void>();
  private isLooking = false;

  private constructor(private readonly client: Client) {}

  static async open(url: string): Promise<ActivationWatcher> {
    const client = new Client({ connectionString: url });
    await client.connect();
    return new ActivationWatcher(client);
  }

  async close(): Promise<void> {
    await this.client.end();
  }

  active(tenantId: string): Promise<Activation> {
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => {
        this.waiting.delete(tenantId);
        reject(new Error(`Tenant ${tenantId} was not active after ${PATIENCE_MS} ms.`));
      }, PATIENCE_MS);
      this.waiting.set(tenantId, (activation) => {
        clearTimeout(patience);
        resolve(activation);
      });
      if (!this.isLooking) this.lookWhileAnyWait().catch(reject);
    });
  }

  private async lookWhileAnyWait(): Promise<void> {
    this.isLooking = true;
    try {
      while (this.waiting.size > 0) {
        for (const row of await this.activated([...this.waiting.keys()])) this.tell(row);
        if (this.waiting.size > 0) await delay(POLL_MS);
      }
    } finally {
      this.isLooking = false;
    }
  }

  private async activated(ids: readonly string[]): Promise<readonly Row[]> {
    const sql = 'select id, created_at, active_at from tenants where id = any($1) and active_at is not null';
    return (await this.client.query<Row>(sql, [ids])).rows;
  }

  private tell({ id, created_at: createdAt, active_at: activeAt }: Row): void {
    this.waiting.get(id)?.({ createdAt, activeAt });
    this.waiting.delete(id);
  }
}
