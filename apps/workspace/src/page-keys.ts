import { useHotkeys } from '@mantine/hooks';

/**
 * Single keys for what a page can do. They do nothing in a field, which is what useHotkeys does, nor while a
 * dialog is open.
 */
export function usePageKeys(keys: Readonly<Record<string, () => void>>): void {
  useHotkeys(
    Object.entries(keys).map(([key, act]) => [
      key,
      () => {
        if (!document.querySelector('[role=dialog]')) act();
      },
    ]),
  );
}

/** Shown on the account page. */
export const PAGE_KEYS = [
  ['n', 'Incidents: report one. Other lists: add one'],
  ['/', 'Incidents and configuration items: search'],
  ['e', 'An incident: acknowledge'],
  ['i', 'An incident: investigate'],
  ['r', 'An incident: resolve'],
  ['t', 'An incident: take it'],
  ['m', 'An incident: write a note'],
  ['j', 'Approvals: the next one'],
  ['k', 'Approvals: the one before'],
  ['Enter', 'Approvals: open the run'],
  ['y', 'Approvals: approve'],
  ['x', 'Approvals: reject'],
  ['Alt + ↑', 'A step of a runbook: move it up'],
  ['Alt + ↓', 'A step of a runbook: move it down'],
  ['Ctrl + Enter', 'A text: send its form'],
] as const;
