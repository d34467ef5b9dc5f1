import { type ReportRequest } from '@atlas/plane-contract';
import { type TenantPlane } from './tenant-plane.entity';

/** How many missing report numbers are remembered. */
const MAX_MISSED = 20;

export type Known = Pick<
  TenantPlane,
  'linkId' | 'sequence' | 'storedSequence' | 'missedSequences' | 'lateLinkId'
>;
type Said = Pick<ReportRequest, 'sequence' | 'stored_sequence' | 'link_id'>;

/**
 * How a report relates to those that arrived before it.
 * - `next`: The report is newer than all of them.
 * - `late`: The report's number was missing until now. The report was delayed while newer ones arrived.
 * - `repeat`: The last report was sent again.
 * - `old`: The same process has already sent this number.
 * - `other`: Another process has already sent this number. One database never issues a number
 *   twice, so the report comes from a copy.
 */
export type ReportOrder = 'next' | 'late' | 'repeat' | 'old' | 'other';

export function orderOf(known: Known, said: Said): ReportOrder {
  if (known.linkId === null || (isNewer(known, said) && isOfThisDisk(known, said))) return 'next';
  // Accept only one late report per process. A copy that sends the missing
  // numbers one after another is then detected at its second report.
  if (known.missedSequences.includes(said.sequence) && known.lateLinkId !== said.link_id) return 'late';
  if (known.linkId !== said.link_id) return 'other';
  return known.sequence === said.sequence ? 'repeat' : 'old';
}

/** The missing numbers after this report, and the process that last sent a late report. */
export function remembered(
  known: Known,
  { sequence, link_id: linkId }: Said,
  order: ReportOrder,
): Pick<Known, 'missedSequences' | 'lateLinkId'> {
  const missed = known.missedSequences.filter((one) => one !== sequence);
  if (order === 'late') return { missedSequences: missed, lateLinkId: linkId };
  const lateLinkId = known.lateLinkId === linkId ? null : known.lateLinkId;
  // A restarted plane reuses the numbers that it had not stored, so
  // a larger missing number no longer proves that a report is late.
  const before = missed.filter((one) => one < sequence);
  const since = known.linkId === null ? sequence : Math.max(known.sequence + 1, sequence - MAX_MISSED);
  const between = Array.from({ length: Math.max(sequence - since, 0) }, (_, index) => since + index);
  return { missedSequences: [...before, ...between].slice(-MAX_MISSED), lateLinkId };
}

/**
 * Whether the report is newer than all earlier ones. A plane that restarts while
 * its database accepts no writes reuses the numbers that it had not stored.
 */
function isNewer(known: Known, { sequence, link_id }: Said): boolean {
  const isRestarted = known.linkId !== link_id && (known.storedSequence ?? sequence) < sequence;
  return known.sequence < sequence || isRestarted;
}

/**
 * Whether the report is from the same copy of the database. Within one copy, the stored number never
 * decreases.
 */
function isOfThisDisk(known: Known, { sequence, stored_sequence: stored }: Said): boolean {
  return (known.storedSequence ?? known.sequence) <= (stored ?? sequence - 1);
}
