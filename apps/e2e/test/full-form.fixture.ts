import { bySize } from '@atlas/testing';

/** A test that only the full form runs (`npx nx run e2e:full`), because harder tests cover most of it. */
export const inFullForm = bySize<(name: string, work: () => Promise<void>) => void>(() => undefined, it);
