import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { OutboundCalls } from '../egress/outbound-calls';
import { type RunbookDefinition } from './runbook-definition';
import { type HttpConfig } from './step-config';

const MAX_ORIGINS = 20;

/** The addresses that the http steps of a runbook call. */
@Injectable()
export class StepAddresses {
  constructor(private readonly http: OutboundCalls) {}

  /**
   * Checks addresses and headers before they are stored. Throws `address_not_allowed`, `header_not_allowed`
   * and `runbook_too_large`. Call it outside of transactions.
   */
  async requireAllowed({ steps }: RunbookDefinition): Promise<void> {
    const configs = steps.filter(({ kind }) => kind === 'http').map(({ config }) => config as HttpConfig);
    const headersOf = new Map<string, Record<string, string>>();
    for (const { url, headers } of configs) {
      const { origin } = new URL(url);
      const names = Object.keys(headers).map((name) => [name, ''] as const);
      headersOf.set(origin, { ...headersOf.get(origin), ...Object.fromEntries(names) });
    }
    if (headersOf.size > MAX_ORIGINS) throw tooManyOrigins(headersOf.size);
    const checks = [...headersOf].map(([origin, headers]) => this.http.requireAllowed(origin, headers));
    await Promise.all(checks);
  }
}

function tooManyOrigins(given: number): DomainError {
  const detail = `The runbook calls ${given} servers; at most ${MAX_ORIGINS} are allowed.`;
  return new DomainError('runbook_too_large', 'unprocessable', detail, { limit: MAX_ORIGINS, given });
}
