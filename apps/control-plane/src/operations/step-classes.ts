import { type Type } from '@nestjs/common';
import { type Step } from '../jobs/step';
import { ActivateStep } from './provision/activate.step';
import { AwaitBackupStep } from './deprovision/await-backup.step';
import { AwaitCopyStep } from './move/await-copy.step';
import { AwaitEnrolmentStep } from './provision/await-enrolment.step';
import { AwaitHealthyStep } from './upgrade/await-healthy.step';
import { AwaitImportStep } from './move/await-import.step';
import { AwaitNextSecretStep } from './rotate-secret/await-next-secret.step';
import { AwaitPurgeStep } from './remove-copy/await-purge.step';
import { AwaitReenrolmentStep } from './rotate-secret/await-reenrolment.step';
import { AwaitRemovalStep } from './deprovision/await-removal.step';
import { AwaitReportStep } from './provision/await-report.step';
import { AwaitRestoreStep } from './restore/await-restore.step';
import { AwaitVersionStep } from './upgrade/await-version.step';
import { BackUpStep } from './deprovision/back-up.step';
import { CloseCellStep } from './drain/close-cell.step';
import { CloseTenantStep } from './deprovision/close-tenant.step';
import { CreateInfrastructureStep } from './provision/create-infrastructure.step';
import { CutOverStep } from './move/cut-over.step';
import { EndTrustStep } from './remove-copy/end-trust.step';
import { EraseBackupStep } from './deprovision/erase-backup.step';
import { FreezeStep } from './move/freeze.step';
import { IssueCertificateStep } from './deprovision/issue-certificate.step';
import { MintNextSecretStep } from './rotate-secret/mint-next-secret.step';
import { MoveTenantsStep } from './drain/move-tenants.step';
import { OpenRestoreStep } from './restore/open-restore.step';
import { OpenTransferStep } from './move/open-transfer.step';
import { PrepareSignupLinkStep } from './provision/prepare-signup-link.step';
import { PurgeCopyStep } from './remove-copy/purge-copy.step';
import { RegisterTenantPlaneStep } from './provision/register-tenant-plane.step';
import { ReleaseCopyStep } from './remove-copy/release-copy.step';
import { ReinstateStep } from './restore/reinstate.step';
import { RemoveCopiesStep } from './deprovision/remove-copies.step';
import { RemoveInfrastructureStep } from './remove-copy/remove-infrastructure.step';
import { RemovePlanesStep } from './deprovision/remove-planes.step';
import { ReplacePlaneStep } from './upgrade/replace-plane.step';
import { ReopenCopyStep } from './move/reopen-copy.step';
import { ReservePlaceStep } from './provision/reserve-place.step';
import { ResumeStep } from './suspend/resume.step';
import { RevokeOldSecretStep } from './rotate-secret/revoke-old-secret.step';
import { StopServingStep } from './deprovision/stop-serving.step';
import { SuspendStep } from './suspend/suspend.step';
import { UpgradeBatchesStep } from './upgrade/upgrade-batches.step';
import { UpgradeCanaryStep } from './upgrade/upgrade-canary.step';
import { WriteDesiredStateStep } from './provision/write-desired-state.step';

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
