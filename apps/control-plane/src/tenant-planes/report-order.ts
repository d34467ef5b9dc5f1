import { type ReportRequest } from '@atlas/plane-contract';
import { type TenantPlane } from './tenant-plane.entity';

/** How many of the numbers that were not heard are remembered. */
const MAX_MISSED = 20;

export type Known = Pick<
  TenantPlane,
  'linkId' | 'sequence' | 'storedSequence' | 'missedSequences' | 'lateLinkId'
>;
type Said = Pick<ReportRequest, 'sequence' | 'stored_sequence' | 'link_id'>;

/**
 * What a report is to those that were heard before it.
 * `next`: it is newer than all of them.
 * `late`: its number was left out so far, so that it was on its way, or its process held up, while newer ones came.
 * `repeat`: the last one, sent again.
 * `old`: the same process says a number that was heard.
 * `other`: another process does. One database counts no number twice, so this is another copy of it.
 */
export type ReportOrder = 'next' | 'late' | 'repeat' | 'old' | 'other';

export function orderOf(known: Known, said: Said): ReportOrder {
  if (known.linkId === null || (isNewer(known, said) && isOfThisDisk(known, said))) return 'next';
  // A process is late once. A copy that counts through the numbers which were left out is noticed at its second.
  if (known.missedSequences.includes(said.sequence) && known.lateLinkId !== said.link_id) return 'late';
  if (known.linkId !== said.link_id) return 'other';
  return known.sequence === said.sequence ? 'repeat' : 'old';
}

/** What is remembered of numbers that were not heard, after a report in that order. */
export function remembered(
  known: Known,
  { sequence, link_id: linkId }: Said,
  order: ReportOrder,
): Pick<Known, 'missedSequences' | 'lateLinkId'> {
  const missed = known.missedSequences.filter((one) => one !== sequence);
  if (order === 'late') return { missedSequences: missed, lateLinkId: linkId };
  const lateLinkId = known.lateLinkId === linkId ? null : known.lateLinkId;
  // A number that was not stored is counted again: what was left out behind it is not known to be of this disk.
  const before = missed.filter((one) => one < sequence);
  const since = known.linkId === null ? sequence : Math.max(known.sequence + 1, sequence - MAX_MISSED);
  const between = Array.from({ length: Math.max(sequence - since, 0) }, (_, index) => since + index);
  return { missedSequences: [...before, ...between].slice(-MAX_MISSED), lateLinkId };
}

/** A plane that was started again while its database took no write repeats the numbers that were not stored. */
function isNewer(known: Known, { sequence, link_id }: Said): boolean {
  const isRestarted = known.linkId !== link_id && (known.storedSequence ?? sequence) < sequence;
  return known.sequence < sequence || isRestarted;
}

/** What is stored never goes back, unless the database is another copy. */
function isOfThisDisk(known: Known, { sequence, stored_sequence: stored }: Said): boolean {
  return (known.storedSequence ?? known.sequence) <= (stored ?? sequence - 1);
}
