import { writeFileSync } from 'node:fs';
import { type DynamicModule } from '@nestjs/common';
import { openApiDocument } from '../openapi/api-docs';
import { type HttpAppOptions, createHttpApp } from './http-app';

/** Writes a plane's OpenAPI document to the file named as the only argument. */
export async function writeOpenApi(module: DynamicModule, options: HttpAppOptions): Promise<void> {
  const file = process.argv[2];
  if (!file) throw new Error('Name the file to write.');
  const app = await createHttpApp(module, { ...options, preview: true });
  writeFileSync(file, `${JSON.stringify(await openApiDocument(app, options), null, 2)}\n`);
  await app.close();
}
