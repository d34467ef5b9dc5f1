import { ADMIN_PASSWORD } from '@atlas/testing';

/** What everybody has at first, and what the two calls of a race want instead. */
export const OLD = ADMIN_PASSWORD;
export const OF_ACTOR = 'an other horse, an other staple';
export const OF_REVOKER = 'the third horse, the third staple';
