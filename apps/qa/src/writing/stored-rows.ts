import { type TenantRows } from '../tenant-rows';

/** Columns that change in the background, independently of calls. */
const BEHIND = /"(?:position|hash|last_used_at|due_at|report_at)":(?:"[^"]*"|null|\d+),?/g;
/** Rows that an export or import adds after it has been accepted. */
const LATER = /^export_chunks |"action":"(?:ex|im)port\.(?:finished|failed)"/;
/** Rows of exports and imports, which change until the run has ended. */
const RUN = /^((?:ex|im)ports ).*?("id":"[^"]*").*$/;

/** A tenant's rows, without what changes after a call has been answered. */
export async function storedRows(disk: TenantRows, tenantId: string): Promise<string[]> {
  const rows = (await disk.of(tenantId)).filter((row) => !LATER.test(row));
  return withoutDeletedSlos(rows).map((row) => row.replaceAll(BEHIND, '').replace(RUN, '$1$2'));
}

/** The rows of a deleted SLO go in the background, soon after it has been deleted. */
function withoutDeletedSlos(rows: readonly string[]): string[] {
  const deleted = rows
    .filter((row) => /^slos .*"deleted_at":"/.test(row))
    .map((row) => /"id":("[^"]*")/.exec(row)?.[1] ?? '');
  return rows.filter((row) => !/^slo(?:s|_buckets) /.test(row) || !deleted.some((id) => row.includes(id)));
}
