import { writeFileSync } from 'node:fs';
import { shippedSbom } from './sbom';

/** `write-sbom.js <file>` writes the bill of materials to the file. */
async function main(file: string | undefined): Promise<void> {
  if (!file) throw new Error('Usage: write-sbom.js <file>');
  const sbom = await shippedSbom();
  writeFileSync(file, `${JSON.stringify(sbom, null, 2)}\n`);
  process.stdout.write(`${file}: ${sbom.components.length} components\n`);
}

main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exit(1);
});
