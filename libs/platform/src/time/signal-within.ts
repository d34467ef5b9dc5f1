/**
 * Aborts when one of `signals` does, or after `ms`. Node 20 drops a timeout that only `AbortSignal.any` refers to as soon
 * as memory is collected, and the call then waits without a limit. A timeout that somebody listens to is kept.
 */
export function signalWithin(ms: number, ...signals: readonly AbortSignal[]): AbortSignal {
  const timeout = AbortSignal.timeout(ms);
  timeout.addEventListener('abort', () => undefined);
  return AbortSignal.any([timeout, ...signals]);
}
