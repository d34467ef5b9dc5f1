export * from './desired-state';
export * from './enrol.request';
export * from './offline-enrolment';
export * from './paths';
export * from './report.request';
export * from './signup-token';
export * from './version-skew';
