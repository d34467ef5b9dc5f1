import { useHotkeys } from '@mantine/hooks';

/** What is open above the page. */
const ABOVE = '[role=dialog], [role=menu]';

/**
 * Single keys for what a page can do. They do nothing in a field, which is what useHotkeys does, nor while a
 * dialog or a menu is open.
 */
export function usePageKeys(keys: Readonly<Record<string, () => void>>): void {
  useHotkeys(
    Object.entries(keys).flatMap(([key, act]) => {
      const run = (event: KeyboardEvent): void => {
        if (document.querySelector(ABOVE)) return;
        event.preventDefault();
        act();
      };
      // On some keyboards, signs need Shift.
      const names = /^[a-z]$/.test(key) ? [key] : [key, `shift+${key}`];
      return names.map((name): Hotkey => [name, run, { preventDefault: false }]);
    }),
  );
}

type Hotkey = Parameters<typeof useHotkeys>[0][number];
