/** Changes when the Control Plane is restored from a backup: all numbers then start over from those of the backup. */
export function epochOf(revision: string): string {
  const [epoch = ''] = revision.split('.');
  return epoch;
}

/** Of two revisions of a desired state. Those of one epoch are counted; which of two epochs is older nobody can tell. */
export function isOlderRevision(one: string, other: string): boolean {
  const [epoch, n] = one.split('.');
  const [otherEpoch, otherN] = other.split('.');
  return epoch === otherEpoch && Number(n) < Number(otherN);
}
