import { Database } from '@atlas/persistence';
import { HEALTH_STATUSES } from '@atlas/plane-contract';
import { Metrics } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { countFleet } from '../registry/health-class';

const LABELS = [...HEALTH_STATUSES, 'offline', 'unknown'];

/** Counts rows on each scrape, so every process reports the same values. */
@Injectable()
export class FleetGauge {
  constructor(metrics: Metrics, database: Database) {
    new Gauge({
      name: 'atlas_tenant_planes',
      help: 'Enrolled tenant planes, by the health they report',
      labelNames: ['health'],
      registers: [metrics.registry],
      async collect() {
        const counts = await countFleet(database);
        for (const health of LABELS) this.set({ health }, counts.get(health) ?? 0);
      },
    });
  }
}
