import { rmSync } from 'node:fs';

export default async function stopPostgres(): Promise<void> {
  rmSync(process.env['ATLAS_TEST_RUN'] ?? '', { recursive: true, force: true });
  await globalThis.atlasTestPostgres?.stop();
}
