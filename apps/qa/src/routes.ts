import { type Route } from '@atlas/isolation';
import { type PlaneProcess, builtFile, request } from '@atlas/testing';

/** For a plane's environment: it tells which routes it serves. */
export const tellingRoutes = (): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--require "${builtFile('qa', 'preloads/route-report.js')}"`,
});

/** Who a route is for. */
export type Audience = 'signed' | 'operator' | 'public';

/** Every route that the process serves. */
export function routesOf(plane: PlaneProcess): Route[] {
  const lines = plane.output().match(/^{"route":.*}$/gm) ?? [];
  return lines.map((line) => (JSON.parse(line) as { route: Route }).route);
}

/** By what it answers to nobody. `HEAD` answers without a word, and is the `GET` beside it. */
export async function audienceOf(plane: PlaneProcess, { method, path }: Route): Promise<Audience> {
  const asked = method === 'HEAD' ? 'GET' : method;
  const url = `${plane.url}${path.replace(/:\w+|\*/g, '00000000-0000-7000-8000-000000000000')}`;
  if (isPage(path)) return 'public';
  const { status, body } = await request<{ code?: string } | null>(url, { method: asked });
  if (status === 401 && body?.code === 'bad_signature') return 'signed';
  return status === 401 && body?.code === 'unauthenticated' ? 'operator' : 'public';
}

/** For people: no JSON. */
function isPage(path: string): boolean {
  return path.startsWith('/docs');
}
