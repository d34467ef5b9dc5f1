import { ADMIN_PASSWORD } from '@atlas/testing';

/** Everybody's original password, and the ones that the two calls of a race set instead. */
export const OLD = ADMIN_PASSWORD;
export const OF_ACTOR = 'an other horse, an other staple';
export const OF_REVOKER = 'the third horse, the third staple';
