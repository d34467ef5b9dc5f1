import { Metrics } from '@atlas/platform';
import { Inject, Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { type DriftCheck } from './checks/drift-check';
import { Drifts } from './drifts';
import { DRIFT_CHECKS } from './reconciler';

/** Counts the drifts' rows on each scrape, so every process reports the same values. */
@Injectable()
export class DriftGauge {
  constructor(metrics: Metrics, drifts: Drifts, @Inject(DRIFT_CHECKS) checks: readonly DriftCheck[]) {
    new Gauge({
      name: 'atlas_drifts_open',
      help: 'Open differences between rows and reality, by kind',
      labelNames: ['kind'],
      registers: [metrics.registry],
      async collect() {
        const counts = await drifts.counts();
        for (const { kind } of checks) this.set({ kind }, counts.get(kind) ?? 0);
      },
    });
  }
}
