import { type KeyText } from '@atlas/web';

/** The keys of the workspace, besides those of every list. */
export const PAGE_KEYS: readonly KeyText[] = [
  ['n', 'Incidents: report one. Other lists: add one'],
  ['e', 'An incident: acknowledge'],
  ['i', 'An incident: investigate'],
  ['r', 'An incident: resolve'],
  ['t', 'An incident: take it'],
  ['m', 'An incident: write a note'],
  ['y', 'Approvals: approve'],
  ['x', 'Approvals: reject'],
  ['Alt + ↑', 'A step of a runbook: move it up'],
  ['Alt + ↓', 'A step of a runbook: move it down'],
];
