import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type OpenAPIObject } from '@nestjs/swagger';
import { decorateBy } from './api-decorators';
import { ProblemFilter } from './problem.filter';

export interface ApiTitle {
  readonly title: string;
  readonly description: string;
  readonly version: string;
}

@Module({})
class NoRoutes {}

/** Serves the API's description and a page for people: by an app of its own, made for the first who asks. */
export function serveApiDocs(app: NestFastifyApplication, title: ApiTitle): void {
  let docs: Promise<NestFastifyApplication> | undefined;
  for (const path of ['/openapi.json', '/docs', '/docs/*']) {
    app
      .getHttpAdapter()
      .getInstance()
      .get(path, async ({ url }, reply) => {
        docs ??= openDocs(app, title);
        const { statusCode, headers, rawPayload } = await (await docs).inject({ url });
        return reply.code(statusCode).headers(headers).send(rawPayload);
      });
  }
}

export async function openApiDocument(
  app: NestFastifyApplication,
  { title, description, version }: ApiTitle,
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
  return swagger.SwaggerModule.createDocument(app, document);
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
