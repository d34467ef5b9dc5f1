import { type Provider } from '@nestjs/common';
import { CHECK_CLASSES } from './checks';
import { type DriftCheck } from './checks/drift-check';
import { DriftGauge } from './drift-gauge';
import { Drifts } from './drifts';
import { ReconcileTimer } from './reconcile-timer';
import { DRIFT_CHECKS, Reconciler } from './reconciler';
import { InfrastructureSubjects } from './subjects/infrastructure-subjects';
import { JobSubjects } from './subjects/job-subjects';
import { LeftoverSubjects } from './subjects/leftover-subjects';
import { PlaneSubjects } from './subjects/plane-subjects';
import { TenantSubjects } from './subjects/tenant-subjects';

export const RECONCILE_PROVIDERS: Provider[] = [
  TenantSubjects,
  PlaneSubjects,
  JobSubjects,
  InfrastructureSubjects,
  LeftoverSubjects,
  ...CHECK_CLASSES,
  { provide: DRIFT_CHECKS, inject: [...CHECK_CLASSES], useFactory: (...checks: DriftCheck[]) => checks },
  Drifts,
  Reconciler,
  ReconcileTimer,
  DriftGauge,
];
