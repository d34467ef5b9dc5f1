import { inspect } from 'node:util';
import { Cleanup } from './cleanup';

describe(Cleanup.name, () => {
  const failing = (message: string) => (): Promise<never> => Promise.reject(new Error(message));

  it('runs after the work, most recently added first', async () => {
    const order: string[] = [];
    const cleanup = new Cleanup();
    cleanup.add(() => order.push('first'));
    cleanup.add(() => order.push('second'));
    await expect(cleanup.after(Promise.resolve('goals'))).resolves.toBe('goals');
    expect(order).toEqual(['second', 'first']);
  });

  it.each([
    ['the work', failing('too slow'), () => undefined, /too slow/],
    ['the cleanup', () => Promise.resolve(), failing('ECONNREFUSED'), /ECONNREFUSED/],
    ['both', failing('too slow'), failing('ECONNREFUSED'), /too slow[^]*ECONNREFUSED/],
  ])('shows what went wrong if %s failed', async (_, work, undo, shown) => {
    const cleanup = new Cleanup();
    cleanup.add(undo);
    const error: unknown = await cleanup.after(work()).catch((reason: unknown) => reason);
    expect(inspect(error)).toMatch(shown);
  });
});
