import { type Type } from '@nestjs/common';
import { type Subject } from '../subjects/subject';
import { AddressDiffersCheck } from './address-differs.check';
import { CopyMissingCheck } from './copy-missing.check';
import { CountDiffersCheck } from './count-differs.check';
import { type DriftCheck } from './drift-check';
import { EntryUnappliedCheck } from './entry-unapplied.check';
import { EntryUnpublishedCheck } from './entry-unpublished.check';
import { HomeRetiredCheck } from './home-retired.check';
import {
  DatabaseMissingCheck,
  DriverRecordMissingCheck,
  ProcessMissingCheck,
  RoleMissingCheck,
  StateMissingCheck,
} from './infrastructure-faults';
import { InfrastructureOrphanedCheck } from './infrastructure-orphaned.check';
import { InfrastructureRecordDiffersCheck } from './infrastructure-record-differs.check';
import { JobMissingCheck } from './job-missing.check';
import { JobUnattendedCheck } from './job-unattended.check';
import { MoveAbandonedCheck } from './move-abandoned.check';
import { PlaneAddressDiffersCheck } from './plane-address-differs.check';
import { PlaneBehindCheck } from './plane-behind.check';
import { PlaneFailingCheck } from './plane-failing.check';
import { PlaneLeftOverCheck } from './plane-left-over.check';
import { TenantWithoutHomeCheck } from './tenant-without-home.check';

/** Every kind of drift. */
export const CHECK_CLASSES: readonly Type<DriftCheck<Subject>>[] = [
  TenantWithoutHomeCheck,
  HomeRetiredCheck,
  CopyMissingCheck,
  MoveAbandonedCheck,
  JobMissingCheck,
  AddressDiffersCheck,
  EntryUnpublishedCheck,
  EntryUnappliedCheck,
  CountDiffersCheck,
  PlaneLeftOverCheck,
  PlaneBehindCheck,
  PlaneFailingCheck,
  PlaneAddressDiffersCheck,
  JobUnattendedCheck,
  DriverRecordMissingCheck,
  DatabaseMissingCheck,
  RoleMissingCheck,
  ProcessMissingCheck,
  StateMissingCheck,
  InfrastructureRecordDiffersCheck,
  InfrastructureOrphanedCheck,
];
