import { type Provider, type Type } from '@nestjs/common';
import { ClockHealth } from './clock.health';
import { DatabaseHealth } from './database.health';
import { DiskHealth } from './disk.health';
import { type HealthCheck } from './health-check';
import { KeyHealth } from './key.health';
import { LinkHealth } from './link.health';
import { HEALTH_CHECKS, PlaneHealth } from './plane-health';
import { QueueHealth } from './queue.health';

/** All that a plane finds out about itself. */
const CHECKS: readonly Type<HealthCheck>[] = [
  DatabaseHealth,
  DiskHealth,
  QueueHealth,
  ClockHealth,
  LinkHealth,
  KeyHealth,
];

export const HEALTH_PROVIDERS: Provider[] = [
  ...CHECKS,
  { provide: HEALTH_CHECKS, inject: [...CHECKS], useFactory: (...checks: HealthCheck[]) => checks },
  PlaneHealth,
];
