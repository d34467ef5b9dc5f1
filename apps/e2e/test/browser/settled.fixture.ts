import { type Page } from 'playwright-core';

/** Waits until the page is drawn in its new colours or size, and all transitions have ended. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const ending = (): Animation[] =>
      document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().iterations !== Infinity);
    do {
      await Promise.allSettled(ending().map(({ finished }) => finished));
      await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
    } while (ending().length > 0);
  });
}
