import { type Page } from 'playwright-core';
import { axeFindings } from './axe.fixture';
import { settled } from './settled.fixture';

const NARROW = { width: 390, height: 844 };

/** What is wrong with a page as it is shown now, for people with a disability or with a narrow screen. */
export async function untidy(page: Page): Promise<string[]> {
  const wide = page.viewportSize();
  const found: string[] = [];
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await settled(page);
    found.push(...(await axeFindings(page)).map((finding) => `${colorScheme}: ${finding}`));
  }
  await page.setViewportSize(NARROW);
  await settled(page);
  found.push(...(await axeFindings(page)).map((finding) => `narrow: ${finding}`));
  if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth))
    found.push('wider than the screen');
  if (wide) await page.setViewportSize(wide);
  await settled(page);
  return found;
}
