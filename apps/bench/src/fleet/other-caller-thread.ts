import { parentPort, workerData } from 'node:worker_threads';
import { type OtherCall, type OtherCalls } from './other-caller';

const { url, apiKey, everyMs } = workerData as OtherCalls;
const headers = { authorization: `Bearer ${apiKey}` };
const calls: Promise<OtherCall>[] = [];

/** Calls at fixed times, whether or not earlier calls have been answered, as independent callers do. */
const timer = setInterval(() => calls.push(call()), everyMs);

async function call(): Promise<OtherCall> {
  const startedAt = performance.now();
  const response = await fetch(url, { headers });
  const body = await response.text();
  const ms = performance.now() - startedAt;
  return response.status === 200 ? { ms } : { ms, failure: `Status ${response.status}: ${body}` };
}

parentPort?.once('message', () => {
  clearInterval(timer);
  void Promise.all(calls).then((all) => parentPort?.postMessage(all));
});
