import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { contentPolicy } from '../http/content-policy';

/** Where the apps are built to: beside a plane's bundle, or below the root of the repository. */
const FOLDER = join(__dirname, existsSync(join(__dirname, 'help')) ? '..' : '../../../../dist/apps');
/** `vite build` leaves this in the page, for a nonce that differs in every response. */
const NONCE = /\{\{nonce\}\}/g;

/** Never a page, even if a browser asks for it. */
const NO_PAGE = /^\/(api|assets|docs|health|help|metrics)([/?]|$)/;

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);

const NOT_BUILT = `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="refresh" content="2"><title>Atlas</title></head>
<body><h1>Just a moment</h1><p>The pages are being built. This page reloads itself.</p></body></html>
`;

/** A single-page app that `vite build` has built. */
export class WebApp {
  private readonly folder: string;

  constructor(name: string) {
    this.folder = join(FOLDER, name);
  }

  /** Read for each response, because the app may be built while the plane runs. */
  async sendPage(reply: FastifyReply, file = 'index.html'): Promise<void> {
    const page = await readFile(join(this.folder, file), 'utf8').catch(() => null);
    void reply.type('text/html; charset=utf-8');
    if (page === null) {
      await reply.code(503).header('retry-after', '2').send(NOT_BUILT);
      return;
    }
    const nonce = randomBytes(16).toString('base64');
    await reply.header('content-security-policy', policyWith(nonce)).send(page.replace(NONCE, nonce));
  }

  /** The name contains a hash of the content, so browsers may keep the file. */
  async sendAsset(request: FastifyRequest, reply: FastifyReply, name: string): Promise<void> {
    // Loaded on first use, because most processes of a plane serve no page.
    const { default: send } = await import('@fastify/send');
    const root = join(this.folder, 'assets');
    const file = await send(request.raw, name, { root, index: false, maxAge: '1y', immutable: true });
    if (file.type === 'file') await reply.code(file.statusCode).headers(file.headers).send(file.stream);
    else reply.callNotFound();
  }
}

export interface WebAppOptions {
  /** The app's folder in dist/apps. */
  readonly name: string;
  /** How the paths of its pages begin. */
  readonly under: string;
  /** Its pages that programs get, too, such as checks: the routes that show each file. */
  readonly entries?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Serves an app's page at every path that has no route, because only the app's script knows what such a path
 * shows, and the files that the page loads. Programs, which ask for something else than a page, get 404.
 */
export function serveWebApp(server: FastifyInstance, { name, under, entries = {} }: WebAppOptions): void {
  const app = new WebApp(name);
  // Tenants that have moved are redirected before.
  server.addHook('preHandler', async (request, reply) => {
    const { is404, method, url, headers } = request;
    if (!is404 || !READING.has(method) || !headers.accept?.includes('text/html')) return;
    if (!url.startsWith(under) || NO_PAGE.test(url)) return;
    await app.sendPage(reply);
    return reply;
  });
  for (const [file, paths] of Object.entries(entries))
    for (const path of paths)
      server.get(path, async (_, reply) => {
        await app.sendPage(reply, file);
        return reply;
      });
  server.get<{ Params: { file: string } }>('/assets/:file', async (request, reply) => {
    await app.sendAsset(request, reply, request.params.file);
    return reply;
  });
}

function policyWith(nonce: string): string {
  return contentPolicy({
    'script-src': `'self' 'nonce-${nonce}'`,
    'style-src': `'self' 'nonce-${nonce}'`,
    'img-src': "'self' data:",
    'font-src': "'self'",
    'connect-src': "'self'",
  });
}
