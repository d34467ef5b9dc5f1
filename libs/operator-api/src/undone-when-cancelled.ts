/** The operations that must not stay halfway, so that cancelling one of their jobs rolls it back. */
export const UNDONE_WHEN_CANCELLED = [
  // Writes would stay paused.
  'move',
  'restore',
  // Nothing would check that a half-upgraded plane came up.
  'upgrade',
  // An unused secret would stay valid.
  'rotate_secret',
  // The cell would stay closed without being emptied.
  'drain',
  // A plane that is half prepared would belong to nobody.
  'warm',
] as const;

export function isUndoneWhenCancelled(operation: string): boolean {
  return UNDONE_WHEN_CANCELLED.some((undone) => undone === operation);
}
