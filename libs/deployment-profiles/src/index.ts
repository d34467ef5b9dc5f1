export * from './cell-drain';
export * from './deployment-profile';
export { LIFECYCLE_OPERATIONS, REOPENING_STEPS, type LifecycleOperation } from './lifecycle';
export * from './offline-enrolment';
export * from './planned-feature';
export * from './profiles';
export * from './resolve-deployment-model';
export * from './secret-rotation';
export * from './upgrade';
