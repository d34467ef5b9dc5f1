import { join } from 'node:path';
import { type Page } from 'playwright-core';

const FOLDER = join(__dirname, '../../../docs/pictures');

/** Renews a picture in docs/pictures, if the variable ATLAS_PICTURES is set. */
export async function picture(page: Page, name: string): Promise<void> {
  if (process.env['ATLAS_PICTURES']) await page.screenshot({ path: join(FOLDER, `${name}.png`) });
}
