export * from './fixed-clock';
export * from './local-postgres';
export * from './roles';
export * from './test-database';
