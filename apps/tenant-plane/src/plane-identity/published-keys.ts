import { type PublishedKey } from '@atlas/plane-contract';

/**
 * The keys to keep once the Control Plane has published `told`. A process of an older version does not know
 * the purposes that came later, so the keys for those stay. For every other purpose, only `told` counts.
 */
export function keysAfter(known: readonly PublishedKey[], told: readonly PublishedKey[]): PublishedKey[] {
  const purposes = new Set(told.map(({ purpose }) => purpose));
  return [...told, ...known.filter(({ purpose }) => !purposes.has(purpose))];
}
