export type {
  paths as ControlPlanePaths,
  components as ControlPlaneSchemas,
} from './api/generated/control-plane';
export type {
  paths as TenantPlanePaths,
  components as TenantPlaneSchemas,
} from './api/generated/tenant-plane';
export { bodyOf, createApi, onceKey } from './api/client';
export { patientFetch } from './api/patience';
export { NO_ANSWER, type Problem, ProblemError, codeOf, isMissing, problemOf, wrongOf } from './api/problem';
export { type IfMatch, type Versioned, storedNow, versionedOf } from './api/versioned';
export { useCarefulSave } from './ui/careful-save';
export { ChangedMeanwhile, type FieldTexts, textsOf } from './ui/changed-meanwhile';
export { Bar } from './ui/bar';
export { Confirm } from './ui/confirm';
export { sessionOf } from './api/session';
export { CopyBlock } from './ui/copy-block';
export { Explained } from './ui/explained';
export { Facts } from './ui/facts';
export { useFollowing } from './ui/following';
export { FormProblem } from './ui/form-problem';
export { FreshlyRead, useFreshRead } from './ui/freshly-read';
export { type KeyText } from './ui/keys';
export { useEvents } from './ui/live';
export { sayNotSignedOut } from './ui/not-signed-out';
export { usePageKeys } from './ui/page-keys';
export { NoSuchPage } from './ui/no-such-page';
export { Page } from './ui/page';
export { LIMIT_NAMES, MODULE_NAMES, PLAN_NAMES } from './ui/plan-words';
export { OwnProblems, PageProblems, ProblemAlert } from './ui/problem-alert';
export { type Column, Rows } from './ui/rows';
export { Section } from './ui/section';
export { sendByKey } from './ui/send-by-key';
export { Shell, type ShellLink } from './ui/shell';
export { StateBadge, stateText, wordsOf } from './ui/state-badge';
export { When, useNow } from './ui/when';
export { newQueryClient, show } from './ui/web-app';
export { oneOf, textOf } from './api/search';
export { KeyField } from './ui/key-field';
export { KeyOnce } from './ui/key-once';
export { SignInForm } from './ui/sign-in-form';
export { SignInProblem } from './ui/sign-in-problem';
