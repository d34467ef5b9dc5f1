import { Clock, type DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { aiPaused } from '../ai.errors';
import { Breaker, type BreakerCall } from './breaker';
import { type Candidate } from './candidates';
import { ProviderFailure } from './provider-failure';
import { Suspicion, type Wait } from './suspicion';

export interface Gate {
  /** The provider's name. */
  name: string;
  readonly breaker: Breaker;
  readonly suspicion: Suspicion;
  /** How many are in progress. */
  calls: number;
}

export interface Passage extends BreakerCall, Pick<Wait, 'heard' | 'isOvertaken'> {
  /** Makes room for another call. */
  leave(): void;
}

/**
 * Limits how much each provider can hurt the rest: the number of calls in progress, and calls to a provider
 * that keeps failing or does not respond. Each process learns by itself, so that a failing provider costs no
 * writes.
 */
@Injectable()
export class ProviderGates {
  private readonly gates = new Map<string, Gate>();

  constructor(
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /** Throws a ProviderFailure if the provider is to be left alone. */
  enter({ id, name }: Pick<Candidate, 'id' | 'name'>): Passage {
    const gate = this.gateOf(id, name);
    const refusal = this.refusalOf(gate);
    if (refusal) throw new ProviderFailure(refusal, 'elsewhere', false);
    gate.calls += 1;
    const { heard, isOvertaken, ended } = gate.suspicion.begin();
    const leave = (): void => {
      gate.calls -= 1;
      ended();
    };
    return { ...gate.breaker.begin(), heard, isOvertaken, leave };
  }

  /**
   * Throws `ai_unavailable` if all of the providers are to be left alone, so that a question that none would
   * get costs nothing.
   */
  requireAny(providers: readonly Pick<Candidate, 'id' | 'name'>[]): void {
    const refusals = providers.map(({ id, name }) => this.refusalOf(this.gateOf(id, name)));
    if (refusals[0] && refusals.every((refusal) => refusal !== null)) throw refusals[0];
  }

  private refusalOf({ breaker, suspicion, calls }: Gate): DomainError | null {
    const [openMs, suspectMs] = [breaker.waitMs, suspicion.waitMs];
    if (openMs > 0) return aiPaused(Math.ceil(openMs / 1000), 'the provider keeps failing');
    if (suspectMs > 0) return aiPaused(Math.ceil(suspectMs / 1000), 'the provider does not respond');
    if (calls < this.config.AI_MAX_CALLS_PER_PROVIDER) return null;
    return aiPaused(1, 'the provider has as many questions in progress as it may have');
  }

  /** The gates of all providers that this process has asked. */
  all(): Iterable<Gate> {
    return this.gates.values();
  }

  private gateOf(providerId: string, name: string): Gate {
    const { AI_BREAKER_FAILURES: failures, AI_BREAKER_COOL_DOWN_MS: coolDownMs } = this.config;
    const gate = this.gates.get(providerId) ?? {
      name,
      breaker: new Breaker({ failures, coolDownMs }, this.clock),
      suspicion: new Suspicion(this.clock),
      calls: 0,
    };
    gate.name = name;
    this.gates.set(providerId, gate);
    return gate;
  }
}
