/** The URL of another database on the same server, with the same role. */
export function inDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

export function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}
