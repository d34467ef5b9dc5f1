import { Metrics } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram } from 'prom-client';
import { ProviderGates } from './calls/provider-gates';

/** What became of a call to a provider. `left`: its caller disconnected, or stopped reading. */
export type Outcome = 'answered' | 'refused' | 'failed' | 'timed_out' | 'left';
export type Refusal = 'credits' | 'tenant_busy';

/** What this process sees of the AI providers. Labels name providers, and never tenants. */
@Injectable()
export class AiMetrics {
  private readonly calls: Counter;
  private readonly firstToken: Histogram;
  private readonly refusals: Counter;

  constructor({ registry }: Metrics, gates: ProviderGates) {
    const registers = [registry];
    const labelNames = ['provider'];
    this.calls = new Counter({
      name: 'atlas_ai_calls_total',
      help: 'Calls to AI providers, by provider and outcome',
      labelNames: ['provider', 'outcome'],
      registers,
    });
    this.firstToken = new Histogram({
      name: 'atlas_ai_first_token_seconds',
      help: 'Time until an AI provider began its answer',
      labelNames,
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80],
      registers,
    });
    this.refusals = new Counter({
      name: 'atlas_ai_questions_refused_total',
      help: 'Questions that were refused before a provider was asked, by reason',
      labelNames: ['reason'],
      registers,
    });
    new Gauge({
      name: 'atlas_ai_calls_in_progress',
      help: 'Calls that an AI provider is answering',
      labelNames,
      registers,
      collect() {
        for (const { name, calls } of gates.all()) this.set({ provider: name }, calls);
      },
    });
    new Gauge({
      name: 'atlas_ai_breaker_open',
      help: '1 while this process leaves an AI provider alone because it keeps failing',
      labelNames,
      registers,
      collect() {
        for (const { name, breaker } of gates.all()) this.set({ provider: name }, Number(breaker.isOpen));
      },
    });
    new Gauge({
      name: 'atlas_ai_suspicion',
      help: '1 while this process hardly asks an AI provider because it does not respond',
      labelNames,
      registers,
      collect() {
        for (const { name, suspicion } of gates.all())
          this.set({ provider: name }, Number(suspicion.isSuspect));
      },
    });
  }

  begun(provider: string, ms: number): void {
    this.firstToken.observe({ provider }, ms / 1000);
  }

  ended(provider: string, outcome: Outcome): void {
    this.calls.inc({ provider, outcome });
  }

  refused(reason: Refusal): void {
    this.refusals.inc({ reason });
  }
}
