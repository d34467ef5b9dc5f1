import { classesIn } from '@atlas/platform';
import { type Provider } from '@nestjs/common';
import { DriftCheck } from './checks/drift-check';
import { DriftGauge } from './drift-gauge';
import { Drifts } from './drifts';
import { ReconcilePasses } from './reconcile-passes';
import { ReconcileRounds } from './reconcile-rounds';
import { ReconcileTimer } from './reconcile-timer';
import { DRIFT_CHECKS, Reconciler } from './reconciler';
import { InfrastructureSubjects } from './subjects/infrastructure-subjects';
import { JobSubjects } from './subjects/job-subjects';
import { LeftoverSubjects } from './subjects/leftover-subjects';
import { PlaceSubjects } from './subjects/place-subjects';
import { PlaneSubjects } from './subjects/plane-subjects';
import { PoolSubjects } from './subjects/pool-subjects';
import { TenantSubjects } from './subjects/tenant-subjects';

/** The checks for every kind of drift. */
const CHECKS = classesIn(__dirname, 'check', DriftCheck);

export const RECONCILE_PROVIDERS: Provider[] = [
  TenantSubjects,
  PlaneSubjects,
  PlaceSubjects,
  JobSubjects,
  InfrastructureSubjects,
  LeftoverSubjects,
  PoolSubjects,
  ...CHECKS,
  { provide: DRIFT_CHECKS, inject: CHECKS, useFactory: (...checks: DriftCheck[]) => checks },
  Drifts,
  Reconciler,
  ReconcileRounds,
  ReconcilePasses,
  ReconcileTimer,
  DriftGauge,
];
