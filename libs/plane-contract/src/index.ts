export * from './desired-state';
export * from './enrol.request';
export * from './paths';
export * from './report.request';
export * from './signup-token';
export * from './tenant-route';
export * from './transfer-part';
