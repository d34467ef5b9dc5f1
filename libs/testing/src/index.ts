export * from './certificate';
export * from './fixed-clock';
export * from './http';
export * from './local-postgres';
export * from './plane-process';
export * from './roles';
export * from './test-database';
export * from './test-stack';
