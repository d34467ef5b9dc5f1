import {
  type Lines,
  type Reply,
  type Route,
  type RouteLine,
  Sender,
  nameOf,
  tenantPlaneLines,
} from '@atlas/isolation';
import { NoAnswer } from '../control-plane/http-call';

/** What a tenant plane publishes about itself, and what the probe knows about its routes. */
export interface ProbedPlane {
  readonly url: string;
  readonly version: string;
  readonly database: string;
  readonly sender: Sender;
  /** The routes in the plane's API description, and the known routes that API descriptions never list. */
  readonly routes: readonly Route[];
  /** What the probe knows about each route. */
  readonly lines: Lines<RouteLine>;
  /** Routes in the plane's API description that the probe does not know. */
  readonly uncovered: readonly string[];
  /** Routes that the probe knows but this plane does not serve. */
  readonly notServed: readonly string[];
}

interface Description {
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Throws {@link NoAnswer} if no tenant plane responds at the URL. */
export async function probedPlane(url: string): Promise<ProbedPlane> {
  const sender = new Sender(url);
  const { info, paths } = await ask<Description>(sender, url, '/openapi.json');
  const health = await ask<{ info?: { database?: { driver?: string } } }>(sender, url, '/health/ready');
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase(),
      path: path.replace(/\{(\w+)\}/g, ':$1'),
    })),
  );
  const names = new Set(described.map(nameOf));
  const lines = tenantPlaneLines(described);
  const listed = Object.keys(lines);
  const besides = listed.filter((name) => !names.has(name) && isUndescribed(name)).map(routeOf);
  return {
    url,
    sender,
    version: info.version,
    database: health.info?.database?.driver ?? 'unknown',
    routes: [...described, ...besides],
    lines,
    uncovered: [...names].filter((name) => !(name in lines)),
    notServed: listed.filter((name) => !names.has(name) && !isUndescribed(name)),
  };
}

/** Whether a route is not part of the API, because it is meant for machines or browsers. */
function isUndescribed(name: string): boolean {
  return !name.includes(' /api/') || name.endsWith('/api/health');
}

function routeOf(name: string): Route {
  const [method = '', path = ''] = name.split(' ');
  return { method, path };
}

async function ask<T>(sender: Sender, url: string, target: string): Promise<T> {
  const reply: Reply = await sender.send({ method: 'GET', target, host: null, headers: {} });
  if (reply.status === 0) throw new NoAnswer(`No response from ${url}: ${reply.text}`);
  try {
    return JSON.parse(reply.text) as T;
  } catch {
    throw new NoAnswer(
      `${url} responded to ${target} with status ${reply.status} and no JSON.`,
      'Is it a tenant plane?',
    );
  }
}
