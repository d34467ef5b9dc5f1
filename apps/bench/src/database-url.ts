/** The same server and role with another database. */
export function inDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

export function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}
