/**
 * The epoch of a revision. It changes when the Control Plane is restored from a backup, because all numbers
 * then continue from those in the backup.
 */
export function epochOf(revision: string): string {
  const [epoch = ''] = revision.split('.');
  return epoch;
}

/**
 * Compares two revisions of a desired state. Within an epoch, numbers decide; across epochs, neither revision
 * is older.
 */
export function isOlderRevision(one: string, other: string): boolean {
  const [epoch, n] = one.split('.');
  const [otherEpoch, otherN] = other.split('.');
  return epoch === otherEpoch && Number(n) < Number(otherN);
}
