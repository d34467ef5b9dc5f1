import { type Dispatcher, fetch as undiciFetch } from 'undici';
import { MAX_RESPONSE_BYTES } from './ai-kind';
import { notAnAnswer } from './provider-failure';

/**
 * Follows no redirect, and fails once a response exceeds any answer, because the client reads lines of any
 * length. The types of undici and of Node's own copy of it differ only in details.
 */
export const limitedFetch =
  (dispatcher: Dispatcher): typeof fetch =>
  async (url, init) => {
    const options = { ...init, dispatcher, redirect: 'error' } as unknown as RequestInit;
    const response = await (undiciFetch as unknown as typeof fetch)(url, options);
    let bytes = 0;
    const limit = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        if ((bytes += chunk.length) > MAX_RESPONSE_BYTES)
          controller.error(notAnAnswer("the provider's response is too long"));
        else controller.enqueue(chunk);
      },
    });
    const { status, headers } = response;
    return new Response(response.body?.pipeThrough(limit) ?? null, { status, headers });
  };
