import { type TenantPlane } from './tenant-plane.entity';

/**
 * A plane that knows its secret could claim any number of restores. Real planes are restored a few times in
 * their life, so more are not believed.
 */
const MAX_REPLACED = 50;

type Known = Pick<TenantPlane, 'linkId' | 'incarnation' | 'replacedIncarnations'>;

/**
 * Whether a report is from the copy of the plane that counts.
 * - `current`: It is.
 * - `restored`: It is from a copy that was unknown until now, which counts from now on.
 * - `replaced`: It is from a copy that another has replaced.
 */
export type Standing = 'current' | 'restored' | 'replaced';

export function standingOf(known: Known, incarnation: string | null): Standing {
  const isCurrent = known.incarnation === incarnation;
  // Nothing was reported since the plane enrolled, and a new install bundle settles which copy counts.
  if (isCurrent || known.linkId === null) return isCurrent ? 'current' : 'restored';
  const isReplaced = known.replacedIncarnations.some((one) => one.incarnation === incarnation);
  return isReplaced || known.replacedIncarnations.length >= MAX_REPLACED ? 'replaced' : 'restored';
}

/** The columns to set when this copy counts from now on. */
export function replacedBy(
  known: Known,
  incarnation: string | null,
  now: Date,
): Pick<TenantPlane, 'incarnation' | 'replacedIncarnations'> {
  const replaced = { incarnation: known.incarnation, replaced_at: now.toISOString(), reported_at: null };
  const others = known.replacedIncarnations.filter((one) => one.incarnation !== incarnation);
  return { incarnation, replacedIncarnations: [...others, replaced] };
}

/** The column to set when a replaced copy has reported. */
export function reportedBy(
  { replacedIncarnations }: Known,
  incarnation: string | null,
  now: Date,
): Pick<TenantPlane, 'replacedIncarnations'> {
  return {
    replacedIncarnations: replacedIncarnations.map((one) =>
      one.incarnation === incarnation ? { ...one, reported_at: now.toISOString() } : one,
    ),
  };
}
