import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type OpenAPIObject } from '@nestjs/swagger';
import { contentPolicy, hashOf } from '../http/content-policy';
import { ProblemFilter } from '../problems/problem.filter';

@Module({})
class NoRoutes {}

const BESIDE_BUNDLE = join(__dirname, 'openapi.json');
const COMMITTED = join(__dirname, '../../../../docs/openapi');

/** Swagger UI's script adds this style to the page. */
const LOGO_STYLE = '.logo_small_svg__cls-2{fill:#fff}.logo_small_svg__cls-3{fill:#85ea2d}';

/**
 * Serves the API description docs/openapi/`<name>`.json and a page that shows it. Both come from a separate
 * app, created on the first request, because Swagger is slow to load and few processes need it.
 */
export function serveApiDocs(app: NestFastifyApplication, name: string): void {
  let docs: Promise<NestFastifyApplication> | undefined;
  for (const path of ['/openapi.json', '/docs', '/docs/*']) {
    app
      .getHttpAdapter()
      .getInstance()
      .get(path, async ({ url }, reply) => {
        docs ??= openDocs(name);
        const { statusCode, headers, rawPayload } = await (await docs).inject({ url });
        if (headers['content-type']?.toString().startsWith('text/html'))
          void reply.header('content-security-policy', policyOf(rawPayload.toString()));
        return reply.code(statusCode).headers(headers).send(rawPayload);
      });
  }
}

/** Allows scripts and styles from the same origin, and only those inline styles that the page contains. */
function policyOf(page: string): string {
  const hashes = (pattern: RegExp): string =>
    [...page.matchAll(pattern)].map(([, style = '']) => hashOf(style)).join(' ');
  return contentPolicy({
    'script-src': "'self'",
    'style-src': `'self' ${hashOf(LOGO_STYLE)} ${hashes(/<style>([^]*?)<\/style>/g)}`,
    'style-src-attr': `'unsafe-hashes' ${hashes(/ style="([^"]*)"/g)}`,
    'img-src': "'self' data:",
    'connect-src': "'self'",
  });
}

async function openDocs(name: string): Promise<NestFastifyApplication> {
  const { SwaggerModule } = await import('@nestjs/swagger');
  const docs = await NestFactory.create<NestFastifyApplication>(NoRoutes, new FastifyAdapter(), {
    logger: false,
  });
  docs.useGlobalFilters(new ProblemFilter());
  SwaggerModule.setup('docs', docs, descriptionOf(name), { jsonDocumentUrl: 'openapi.json' });
  return docs.init();
}

function descriptionOf(name: string): OpenAPIObject {
  const file = existsSync(BESIDE_BUNDLE) ? BESIDE_BUNDLE : join(COMMITTED, `${name}.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as OpenAPIObject;
}
