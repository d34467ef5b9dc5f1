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
 * How a report relates to those that arrived before it. `next`: newer than all of them. `late`: its number
 * was missing so far; it was delayed while newer reports arrived. `repeat`: the last one, sent again. `old`:
 * a number that the same process has sent before. `other`: a number that another process has sent before. One
 * database never hands out a number twice, so this is a copy.
 */
export type ReportOrder = 'next' | 'late' | 'repeat' | 'old' | 'other';

export function orderOf(known: Known, said: Said): ReportOrder {
  if (known.linkId === null || (isNewer(known, said) && isOfThisDisk(known, said))) return 'next';
  // A process may be late only once, so that a copy which counts
  // through the missing numbers is noticed at its second report.
  if (known.missedSequences.includes(said.sequence) && known.lateLinkId !== said.link_id) return 'late';
  if (known.linkId !== said.link_id) return 'other';
  return known.sequence === said.sequence ? 'repeat' : 'old';
}

/** The missing numbers, and the process that last sent a late report, as of this report. */
export function remembered(
  known: Known,
  { sequence, link_id: linkId }: Said,
  order: ReportOrder,
): Pick<Known, 'missedSequences' | 'lateLinkId'> {
  const missed = known.missedSequences.filter((one) => one !== sequence);
  if (order === 'late') return { missedSequences: missed, lateLinkId: linkId };
  const lateLinkId = known.lateLinkId === linkId ? null : known.lateLinkId;
  // Numbers that the plane had not stored are used again, so
  // larger missing numbers no longer prove that a report is late.
  const before = missed.filter((one) => one < sequence);
  const since = known.linkId === null ? sequence : Math.max(known.sequence + 1, sequence - MAX_MISSED);
  const between = Array.from({ length: Math.max(sequence - since, 0) }, (_, index) => since + index);
  return { missedSequences: [...before, ...between].slice(-MAX_MISSED), lateLinkId };
}

/** A plane that restarts while its database accepts no writes reuses the numbers that it had not stored. */
function isNewer(known: Known, { sequence, link_id }: Said): boolean {
  const isRestarted = known.linkId !== link_id && (known.storedSequence ?? sequence) < sequence;
  return known.sequence < sequence || isRestarted;
}

/** The stored number never decreases, unless this is another copy of the database. */
function isOfThisDisk(known: Known, { sequence, stored_sequence: stored }: Said): boolean {
  return (known.storedSequence ?? known.sequence) <= (stored ?? sequence - 1);
}
