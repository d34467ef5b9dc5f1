import { ADMIN_PASSWORD } from '@atlas/testing';

/** The original password of every account, followed by the passwords that the two calls of a race set. */
export const OLD = ADMIN_PASSWORD;
export const OF_ACTOR = 'an other horse, an other staple';
export const OF_REVOKER = 'the third horse, the third staple';
