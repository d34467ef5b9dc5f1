import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

export interface OtherCalls {
  readonly url: string;
  readonly apiKey: string;
  readonly everyMs: number;
}

export interface OtherCall {
  readonly ms: number;
  /** The response, unless its status was 200. */
  readonly failure?: string;
}

/**
 * Another caller's requests during `work`. The caller has a thread of its own, so that
 * the simulated planes do not delay it.
 */
export async function otherCallsDuring(
  calls: OtherCalls,
  work: () => Promise<void>,
): Promise<readonly OtherCall[]> {
  const thread = new Worker(join(__dirname, 'other-caller-thread.js'), { workerData: calls });
  try {
    const failed = once(thread, 'exit').then(() => {
      throw new Error('The other caller ended early.');
    });
    await Promise.race([work(), failed]);
    thread.postMessage('end');
    const [made] = (await Promise.race([once(thread, 'message'), failed])) as [readonly OtherCall[]];
    return made;
  } finally {
    await thread.terminate();
  }
}
