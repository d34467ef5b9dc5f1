import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import openapiTypescript, { astToString } from 'openapi-typescript';

// Writes the types of both planes' APIs from their committed descriptions.
const { dirname } = import.meta;
const folder = join(dirname, 'src/api/generated');
mkdirSync(folder, { recursive: true });
for (const plane of ['control-plane', 'tenant-plane']) {
  const description = JSON.parse(readFileSync(join(dirname, `../../docs/openapi/${plane}.json`), 'utf8'));
  writeFileSync(
    join(folder, `${plane}.d.ts`),
    astToString(await openapiTypescript(description, { defaultNonNullable: false })),
  );
}
