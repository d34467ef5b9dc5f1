export * from './cell-drain';
export * from './parts/deployment-profile';
export { LIFECYCLE_OPERATIONS, REOPENING_STEPS, type LifecycleOperation } from './parts/lifecycle';
export * from './offline-enrolment';
export * from './parts/outage-contract';
export * from './profiles';
export * from './resolve-deployment-model';
export * from './secret-rotation';
export * from './upgrade';
