import { isPlainHttp } from './loopback';

const ANY = '*';

/** The origins in a comma-separated list. */
export function originsIn(list: string | undefined): string[] {
  return (list ?? '').split(',').flatMap((part) => part.trim() || []);
}

/** What is wrong with a list of origins whose pages may call the API, or null. */
export function originsProblem(list: string, { NODE_ENV }: { readonly NODE_ENV: string }): string | null {
  const origins = originsIn(list);
  const named = origins.filter((origin) => origin !== ANY);
  if (!named.every(isOrigin)) return 'must be origins such as https://app.example.com, separated by commas';
  if (NODE_ENV !== 'production') return null;
  if (named.length < origins.length) return 'must name each origin in production';
  return named.some(isPlainHttp) ? 'must be https in production' : null;
}

/** Options for `app.enableCors`. Cookies are not allowed, so calls from other origins need a bearer token. */
export function corsOptions(origins: readonly string[]) {
  return {
    origin: origins.includes(ANY) ? ANY : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: ['location', 'retry-after', 'x-trace-id'],
    maxAge: 600,
  };
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
