/** The message of the error when a part of the app cannot be loaded. */
export const CANNOT_LOAD = 'A part of the app cannot be loaded.';

/**
 * The router would reload the page at once, which without a connection leads to the browser's own error page.
 * It goes by the message, so this changes it.
 */
export function keepPageWithoutParts(): void {
  addEventListener('vite:preloadError', (event) => {
    if ('payload' in event && event.payload instanceof Error) event.payload.message = CANNOT_LOAD;
  });
}

const NAME = 'atlas.reloaded';
const SOON_MS = 30_000;

/** Whether a reload might help, because the last one is not what has just failed. */
export function mayReload(): boolean {
  return Date.now() - Number(sessionStorage.getItem(NAME) ?? 0) > SOON_MS;
}

export function reload(): void {
  sessionStorage.setItem(NAME, String(Date.now()));
  location.reload();
}
