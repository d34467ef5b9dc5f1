const NAME = 'atlas.to';

/** Remembers the page that was wanted while single sign-on leaves the app. */
export function keepWanted(to: string | undefined): void {
  if (to === undefined) sessionStorage.removeItem(NAME);
  else sessionStorage.setItem(NAME, to);
}

/** The page that was wanted, once. */
export function takeWanted(): string | null {
  const to = sessionStorage.getItem(NAME);
  sessionStorage.removeItem(NAME);
  return to;
}
