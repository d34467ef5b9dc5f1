import { type Cost } from './calibration';

/**
 * What a call of each hot path costs, as a multiple of the calibration. If a change makes a call cheaper, or
 * has a good reason to make it more expensive, replace the figures with those that `npm run bench -- Costs`
 * prints.
 */
export const COMMITTED: Readonly<Record<string, Partial<Cost>>> = {
  'a shared tenant, from request to active': { planes: 52, postgres: 33.5 },
  // One statement of Postgres stores the nonces of many calls, so its share is too small to be measured.
  'an empty signed call': { planes: 0.265 },
  'a list of 50 incidents': { planes: 8, postgres: 2.65 },
  'receiving 20 alerts': { planes: 9.7, postgres: 4.4 },
};
