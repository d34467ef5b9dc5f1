import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type OpenAPIObject } from '@nestjs/swagger';
import { type ApiAnswers, describeAnswers } from './api-answers';
import { decorateBy } from './api-decorators';
import { contentPolicy, hashOf } from '../http/content-policy';
import { type ErrorKind } from '../errors/errors';
import { ProblemFilter } from '../problems/problem.filter';

export interface ApiTitle {
  readonly title: string;
  readonly description: string;
  readonly version: string;
  readonly answers: ApiAnswers;
  /** How every operation may refuse, beyond what follows from its form. */
  readonly refuses?: readonly ErrorKind[];
}

@Module({})
class NoRoutes {}

/** Swagger UI's script adds this to the page. */
const LOGO_STYLE = '.logo_small_svg__cls-2{fill:#fff}.logo_small_svg__cls-3{fill:#85ea2d}';

/** Serves the API description and a page for people, from a separate app created on the first request. */
export function serveApiDocs(app: NestFastifyApplication, title: ApiTitle): void {
  let docs: Promise<NestFastifyApplication> | undefined;
  for (const path of ['/openapi.json', '/docs', '/docs/*']) {
    app
      .getHttpAdapter()
      .getInstance()
      .get(path, async ({ url }, reply) => {
        docs ??= openDocs(app, title);
        const { statusCode, headers, rawPayload } = await (await docs).inject({ url });
        if (headers['content-type']?.toString().startsWith('text/html'))
          void reply.header('content-security-policy', policyOf(rawPayload.toString()));
        return reply.code(statusCode).headers(headers).send(rawPayload);
      });
  }
}

/** Allows scripts and styles from the same origin, and exactly the inline styles in the page. */
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

export async function openApiDocument(
  app: NestFastifyApplication,
  { title, description, version, answers, refuses }: ApiTitle,
): Promise<OpenAPIObject> {
  const swagger = await import('@nestjs/swagger');
  decorateBy(swagger);
  const document = new swagger.DocumentBuilder()
    .setTitle(title)
    .setDescription(description)
    .setVersion(version)
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth()
    .build();
  const described = swagger.SwaggerModule.createDocument(app, document, {
    operationIdFactory: (controller, method) => `${controller}_${method}`,
  });
  describeAnswers(described, answers, refuses);
  return described;
}

async function openDocs(app: NestFastifyApplication, title: ApiTitle): Promise<NestFastifyApplication> {
  const { SwaggerModule } = await import('@nestjs/swagger');
  const docs = await NestFactory.create<NestFastifyApplication>(NoRoutes, new FastifyAdapter(), {
    logger: false,
  });
  docs.useGlobalFilters(new ProblemFilter());
  const document = await openApiDocument(app, title);
  SwaggerModule.setup('docs', docs, document, { jsonDocumentUrl: 'openapi.json' });
  return docs.init();
}
