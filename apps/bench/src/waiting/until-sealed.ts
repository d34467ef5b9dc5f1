import { eventually } from '@atlas/testing';
import { Client } from 'pg';

const UNSEALED = 'select count(*)::int as count from audit_events where position is null';

/**
 * Waits until the Control Plane has sealed all audit rows written during preparation. Its sweep seals a few
 * hundred rows at a time.
 */
export async function untilSealed(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const isSealed = async (): Promise<boolean> => {
    const { rows } = await client.query<{ count: number }>(UNSEALED);
    return rows[0]?.count === 0;
  };
  try {
    await eventually(isSealed, { timeoutMs: 120_000, everyMs: 500, what: 'the audit rows are sealed' });
  } finally {
    await client.end();
  }
}
