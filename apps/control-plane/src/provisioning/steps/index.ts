import { type Type } from '@nestjs/common';
import { type Step } from '../step';
import { ActivateStep } from './activate.step';
import { AwaitBackupStep } from './await-backup.step';
import { AwaitCopyStep } from './await-copy.step';
import { AwaitEnrolmentStep } from './await-enrolment.step';
import { AwaitHealthyStep } from './await-healthy.step';
import { AwaitImportStep } from './await-import.step';
import { AwaitNextSecretStep } from './await-next-secret.step';
import { AwaitPurgeStep } from './await-purge.step';
import { AwaitReenrolmentStep } from './await-reenrolment.step';
import { AwaitRemovalStep } from './await-removal.step';
import { AwaitReportStep } from './await-report.step';
import { AwaitRestoreStep } from './await-restore.step';
import { AwaitVersionStep } from './await-version.step';
import { BackUpStep } from './back-up.step';
import { CloseCellStep } from './close-cell.step';
import { CloseTenantStep } from './close-tenant.step';
import { CreateInfrastructureStep } from './create-infrastructure.step';
import { CutOverStep } from './cut-over.step';
import { EndTrustStep } from './end-trust.step';
import { EraseBackupStep } from './erase-backup.step';
import { FreezeStep } from './freeze.step';
import { IssueCertificateStep } from './issue-certificate.step';
import { MintNextSecretStep } from './mint-next-secret.step';
import { MoveTenantsStep } from './move-tenants.step';
import { OpenRestoreStep } from './open-restore.step';
import { OpenTransferStep } from './open-transfer.step';
import { PrepareSignupLinkStep } from './prepare-signup-link.step';
import { PurgeCopyStep } from './purge-copy.step';
import { RegisterTenantPlaneStep } from './register-tenant-plane.step';
import { ReleaseCopyStep } from './release-copy.step';
import { ReinstateStep } from './reinstate.step';
import { RemoveCopiesStep } from './remove-copies.step';
import { RemoveInfrastructureStep } from './remove-infrastructure.step';
import { RemovePlanesStep } from './remove-planes.step';
import { ReplacePlaneStep } from './replace-plane.step';
import { ReopenCopyStep } from './reopen-copy.step';
import { ReservePlaceStep } from './reserve-place.step';
import { ResumeStep } from './resume.step';
import { RevokeOldSecretStep } from './revoke-old-secret.step';
import { StopServingStep } from './stop-serving.step';
import { SuspendStep } from './suspend.step';
import { UpgradeBatchesStep } from './upgrade-batches.step';
import { UpgradeCanaryStep } from './upgrade-canary.step';
import { WriteDesiredStateStep } from './write-desired-state.step';

/** Every step there is. Which operation takes which, and in what order, is said by the deployment profiles. */
export const STEP_CLASSES: readonly Type<Step>[] = [
  ReservePlaceStep,
  RegisterTenantPlaneStep,
  CreateInfrastructureStep,
  AwaitEnrolmentStep,
  WriteDesiredStateStep,
  AwaitReportStep,
  PrepareSignupLinkStep,
  ActivateStep,
  SuspendStep,
  ResumeStep,
  OpenTransferStep,
  AwaitCopyStep,
  FreezeStep,
  AwaitImportStep,
  CutOverStep,
  ReopenCopyStep,
  ReleaseCopyStep,
  PurgeCopyStep,
  AwaitPurgeStep,
  RemoveInfrastructureStep,
  EndTrustStep,
  StopServingStep,
  BackUpStep,
  AwaitBackupStep,
  RemoveCopiesStep,
  AwaitRemovalStep,
  RemovePlanesStep,
  CloseTenantStep,
  EraseBackupStep,
  IssueCertificateStep,
  OpenRestoreStep,
  AwaitRestoreStep,
  ReinstateStep,
  MintNextSecretStep,
  AwaitNextSecretStep,
  RevokeOldSecretStep,
  AwaitReenrolmentStep,
  ReplacePlaneStep,
  AwaitHealthyStep,
  AwaitVersionStep,
  UpgradeCanaryStep,
  UpgradeBatchesStep,
  CloseCellStep,
  MoveTenantsStep,
];
