import { uuidv7 } from '@atlas/tenancy';
import { type TenantRows } from '../tenant-rows';

/** Keeps the number of parameters per statement within the limits of both databases. */
const ROWS_A_STATEMENT = 2000;
const COLUMNS = 'tenant_id, id, number, title, description, severity, status, created_at, updated_at'.split(
  ', ',
);

/**
 * Writes incidents directly into the database, as if the tenant's users had created them, because a hundred
 * thousand calls would take too long.
 */
export async function fillIncidents(rows: TenantRows, tenantId: string, count: number): Promise<void> {
  for (let n = 1; n <= count; n += ROWS_A_STATEMENT) {
    const some = Array.from({ length: Math.min(ROWS_A_STATEMENT, count - n + 1) }, (_, i) =>
      incident(tenantId, n + i),
    );
    const places = some.map((_, row) => `(${COLUMNS.map((__, i) => `$${row * COLUMNS.length + i + 1}`)})`);
    await rows.query(`insert into incidents (${COLUMNS}) values ${places}`, some.flat());
  }
  await rows.query(
    `insert into tenant_counters (tenant_id, series, value) values ($1, 'incident', $2)
     on conflict (tenant_id, series) do update set value = excluded.value`,
    [tenantId, count],
  );
}

/** The column values of the `n`th incident. Incidents are created one minute apart. */
function incident(tenantId: string, n: number): unknown[] {
  const at = new Date(Date.UTC(2025, 0, 1) + n * 60_000);
  const text = at.toISOString().replace('T', ' ').replace('Z', '');
  const number = `INC-${String(n).padStart(8, '0')}`;
  const description = `The volume of web-${n} has no space left. `.repeat(4);
  return [
    tenantId,
    uuidv7(at),
    number,
    `Disk is full on web-${n}`,
    description,
    `P${(n % 5) + 1}`,
    'open',
    text,
    text,
  ];
}
