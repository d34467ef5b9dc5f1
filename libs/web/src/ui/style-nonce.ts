/** The nonce that lets only this page add style tags. Browsers hide the attribute from selectors. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? '';
}

/**
 * Lets dialogs lock the page's scrolling under a strict Content-Security-Policy: get-nonce, which
 * react-remove-scroll uses for its style tag, looks for this name.
 */
export function allowScrollLock(): void {
  Object.assign(globalThis, { __webpack_nonce__: styleNonce() });
}
