import { type Route } from '@atlas/isolation';
import { type PlaneProcess, builtFile } from '@atlas/testing';

/** Environment variables that make a plane report its routes. */
export const tellingRoutes = (): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--require "${builtFile('qa', 'preloads/route-report.js')}"`,
});

/** Who may call a route. */
export type Audience = 'signed' | 'operator' | 'public';

/** Every route that the process serves. */
export function routesOf(plane: PlaneProcess): Route[] {
  const lines = plane.output().match(/^{"route":.*}$/gm) ?? [];
  return lines.map((line) => (JSON.parse(line) as { route: Route }).route);
}

/**
 * Determines the audience from the response to an anonymous request. A response to `HEAD` has no body, so a
 * `GET` is sent to the same path instead.
 */
export async function audienceOf(plane: PlaneProcess, { method, path }: Route): Promise<Audience> {
  const asked = method === 'HEAD' ? 'GET' : method;
  const url = `${plane.url}${path.replace(/:\w+|\*/g, '00000000-0000-7000-8000-000000000000')}`;
  const response = await fetch(url, { method: asked, redirect: 'manual' });
  const text = await response.text();
  // A public route may return a page, which is not JSON.
  if (response.status !== 401) return 'public';
  const { code } = JSON.parse(text) as { code?: string };
  if (code === 'bad_signature') return 'signed';
  return code === 'unauthenticated' ? 'operator' : 'public';
}
