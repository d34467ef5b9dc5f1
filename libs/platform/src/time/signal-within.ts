/**
 * Returns a signal that aborts when one of `signals` aborts, or after `ms` milliseconds. Node 20
 * garbage-collects a timeout that only `AbortSignal.any` refers to, so a call would wait without a limit. A
 * timeout with a listener is kept.
 */
export function signalWithin(ms: number, ...signals: readonly AbortSignal[]): AbortSignal {
  const timeout = AbortSignal.timeout(ms);
  timeout.addEventListener('abort', () => undefined);
  return AbortSignal.any([timeout, ...signals]);
}
