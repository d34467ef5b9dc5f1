import { type Status } from './incident';

/** The states as requesters read them. */
export const WORDS: Readonly<Record<Status, string>> = {
  triggered: 'Received',
  open: 'Received',
  acknowledged: 'Somebody has seen it',
  investigating: 'Being worked on',
  resolved: 'Solved',
  closed: 'Closed',
};
