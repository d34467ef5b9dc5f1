import { httpMessage } from '../http/message';
import { Calls } from './calls';

/**
 * Sends the same firing alerts again and again, as Alertmanager does, to one source after another.
 * `keys` belong to generic sources.
 */
export function alertCalls(
  url: string,
  alerts: number,
  keys: readonly string[],
  pathOf: (key: string) => string = (key) => `/api/ingest/generic/${key}`,
): Calls {
  const body = JSON.stringify({
    alerts: Array.from({ length: alerts }, (_, index) => ({
      fingerprint: `alert-${index}`,
      status: 'firing',
      labels: { alertname: 'DiskFull', severity: 'warning', instance: `web-${index}`, job: 'node' },
      annotations: { summary: 'The disk is almost full', description: 'Less than 5 % of /var is left' },
    })),
  });
  const messages = keys.map((key) => httpMessage({ method: 'POST', url: new URL(pathOf(key), url), body }));
  return new Calls(url, 202, (n) => messages[n % messages.length] ?? '');
}
